"""The rules that come with dslint, one package for each namespace."""
