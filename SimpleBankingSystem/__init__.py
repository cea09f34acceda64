"""Books you can open in a spreadsheet, with the guarantees of a database."""
