"""The API: a Flask-RESTX application whose routes and documentation come from the registry."""

from SimpleBankingSystem.api.application import create_app as create_app
