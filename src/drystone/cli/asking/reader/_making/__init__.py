"""Models made: trained, taught, averaged, adapted, and questions to do so with."""
