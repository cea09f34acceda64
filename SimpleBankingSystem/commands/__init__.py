"""What can be asked of the bank: one file per operation.

Importing this package registers every command in it; a new file needs no other mention.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
