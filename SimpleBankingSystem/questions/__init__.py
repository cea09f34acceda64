"""What the books are asked: one file per subject, one declaration per question.

Importing this package registers every question in it; a new file needs no other mention.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
