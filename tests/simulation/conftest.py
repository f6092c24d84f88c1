"""One company of the default size, simulated once."""

import pytest

from simulation.company import Company, simulate


@pytest.fixture(scope="session")
def company() -> Company:
    return simulate()


@pytest.fixture(scope="session")
def many_leads() -> Company:
    """Enough leads to hold frequencies against probabilities; few events, which no test of it needs."""
    return simulate(30_000, seed=11, events_per_lead=5)
