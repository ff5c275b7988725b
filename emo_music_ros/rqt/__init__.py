"""A panel of rqt. Qt and rqt are not required by the package: only rqt loads the panel."""
