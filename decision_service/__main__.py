"""`python -m decision_service` is `decisionctl`."""

from decision_service.cli import main

if __name__ == "__main__":
    main()
