"""The books that a server on this machine holds, asked over HTTP as if they were our own."""

from SimpleBankingSystem.remote.bank import RemoteBank as RemoteBank
