"""Settings -> App: the one place that constructs."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path

import grpc

from audit import KeyRing, Leases, Ledger, Verifier, open_leases, open_ledger, upgrade
from decision_service.api import page_token, server
from decision_service.api.admission import Admission, Gate, Kind, Rates
from decision_service.api.approval_servicer import ApprovalServicer
from decision_service.api.asking import Asking
from decision_service.api.audit_servicer import AuditServicer
from decision_service.api.endpoint import Call, Edge
from decision_service.api.guard_servicer import GuardServicer
from decision_service.api.handover_servicer import HandoverServicer
from decision_service.api.identity import Identifier, PlaintextIdentifier, SecureIdentifier
from decision_service.api.identity.certificates import ClientCertificates, OwnCertificates
from decision_service.api.identity.grants import Grants
from decision_service.api.identity.keys import keys_from
from decision_service.api.identity.tokens import TokenVerifier
from decision_service.api.known_decisions import KnownDecisions
from decision_service.api.manual_servicer import ManualServicer
from decision_service.api.report_servicer import ReportServicer
from decision_service.api.rollback_servicer import RollbackServicer
from decision_service.api.rollout_servicer import RolloutServicer
from decision_service.api.running import Runner
from decision_service.api.servicers import DecisionServicer, ReleaseServicer
from decision_service.api.solve_servicer import OperationsServicer, SolveServicer
from decision_service.api.wave_servicer import WaveServicer
from decision_service.config import Settings
from decision_service.followers.following import Following
from decision_service.followers.guarding import Guarding
from decision_service.followers.index import DecisionIndex
from decision_service.followers.kept_differences import KeptDifferences
from decision_service.followers.order_book import SqliteOrderBook
from decision_service.followers.shadow import Shadows
from decision_service.followers.timing import Timing
from decision_service.usecases.adoption.report import ReportAdoption
from decision_service.usecases.approvals.cases import Cases
from decision_service.usecases.approvals.delegations import Delegations
from decision_service.usecases.approvals.judging import Judging
from decision_service.usecases.approvals.overriding import Overriding
from decision_service.usecases.decide import Decide
from decision_service.usecases.effort import ALL_IT_TAKES, Effort
from decision_service.usecases.erasure import Erasure
from decision_service.usecases.escalation.timers import Timers
from decision_service.usecases.guarding.guard import Guard
from decision_service.usecases.guarding.seen import Seen
from decision_service.usecases.guarding.trips import Trips
from decision_service.usecases.handover.outbox import Outbox
from decision_service.usecases.impact.assess import AssessImpact
from decision_service.usecases.impact.redecide import Redecide
from decision_service.usecases.inquire import Inquire
from decision_service.usecases.lineage import TellOrigin
from decision_service.usecases.manual_mode import ManualMode
from decision_service.usecases.operations import Operations
from decision_service.usecases.recent import RecentLedger
from decision_service.usecases.recent_outcomes import RecentOutcomes
from decision_service.usecases.recent_snapshots import RecentSnapshots
from decision_service.usecases.release import Releases
from decision_service.usecases.release_signature import ReleaseSigner
from decision_service.usecases.replay import Replay
from decision_service.usecases.reversal.redeciding import Redeciding
from decision_service.usecases.reversal.rollback import Rollbacks
from decision_service.usecases.rollout import Rollout
from decision_service.usecases.uploads import Uploads
from decision_service.usecases.waves.gate import Gates
from decision_service.usecases.waves.rollout import Waves
from decision_service.workers.cluster import Cluster, ClusterPlace
from decision_service.workers.confirming import Confirmer
from decision_service.workers.deciding import OutcomeRunner
from decision_service.workers.pool import WorkerPool


@dataclass(frozen=True, slots=True)
class App:
    """Everything a running service holds."""

    settings: Settings
    ledger: Ledger
    releases: Releases
    index: DecisionIndex
    book: SqliteOrderBook
    now: Callable[[], datetime]
    pool: WorkerPool
    confirmer: Confirmer
    keys: tuple[Verifier, ...]
    leases: Leases
    cluster: Cluster | None
    recent: RecentSnapshots = field(default_factory=RecentSnapshots)
    outcomes: RecentOutcomes = field(default_factory=RecentOutcomes)

    async def serve(self) -> server.Running:
        """Start listening."""
        runner, guard = self._runner(), self._guard()
        work = server.Work(runner.resume, runner.adopt, runner.stop)
        return await server.start(
            listener(self.settings, lambda: self.ledger.size),
            self._servicers(runner, guard),
            work,
            (self._shadows().run, Timing(self._timers(), self.leases).run, Guarding(guard).run),
        )

    def close(self) -> None:
        """Let everything go; what was acknowledged is durable already."""
        self.pool.close()
        if self.cluster:
            self.cluster.close()
        self.confirmer.close()
        self.index.close()
        self.book.close()
        self.leases.close()
        self.ledger.close()

    def _outcome_of(self, effort: Effort) -> OutcomeRunner:
        return OutcomeRunner(self.pool, self.confirmer, self.recent, effort)

    def _deciding(self) -> Decide:
        return Decide(
            self.ledger,
            self.releases,
            self._outcome_of,
            self.now,
            Ledger.append_async,
            self.recent,
            self.outcomes,
        )

    def _redecide(self, effort: Effort = ALL_IT_TAKES) -> Redecide:
        return Redecide(self.ledger, self._outcome_of(effort))

    def _timers(self) -> Timers:
        return Timers(self.ledger, self.book, Cases(self.ledger, self.releases), self.now)

    def _guard(self) -> Guard:
        rollbacks = Rollbacks(self.ledger, self.book, self.now)
        trips = Trips(self.ledger, Rollout(self.releases), rollbacks)
        return Guard(self.ledger, trips, Seen(self.ledger), self.now)

    def _shadows(self) -> Shadows:
        return Shadows(self.ledger, self.releases, self._redecide(), self.leases)

    def _assessing(self, effort: Effort) -> AssessImpact:
        kept = KeptDifferences(self.settings.data / "impact")
        return AssessImpact(self._redecide(effort), kept, self.settings.workers)

    def _runner(self) -> Runner:
        """Whoever decides operations."""
        operations = Operations(self.ledger, Ledger.append_async)
        return Runner(operations, self._deciding(), self.leases, self.settings.waiting)

    def _servicers(self, runner: Runner, guard: Guard) -> tuple[object, ...]:
        def replaying(effort: Effort) -> Replay:
            return Replay(self.ledger, self.releases, self._outcome_of(effort))

        inquire, uploads = Inquire(self.ledger, self.releases), Uploads(self.ledger, Ledger.append_async)
        asking = Asking(uploads, self.recent)
        return (
            DecisionServicer(
                self._deciding(), asking, replaying, inquire, self.index, KnownDecisions(inquire)
            ),
            ReleaseServicer(self.releases),
            AuditServicer(
                self.ledger, self.keys, TellOrigin(self.ledger, self.releases), Erasure(self.ledger)
            ),
            RolloutServicer(self.ledger, self.releases, self.index, self._shadows(), self._assessing),
            SolveServicer(self._deciding(), asking, runner, uploads, self.settings.max_upload_mb << 20),
            OperationsServicer(runner),
            *self._people(),
            GuardServicer(guard),
            ManualServicer(ManualMode(self.ledger, Rollout(self.releases), self.now)),
        )

    def _people(self) -> tuple[object, ...]:
        """What people do about orders, what the ERP is told, and how it is undone."""
        ledger, book, cases = self.ledger, self.book, Cases(self.ledger, self.releases)
        adoption = ReportAdoption(ledger, book, self.releases)

        def redeciding(call: Call) -> Redeciding:
            decide = partial(self._deciding(), effort=Effort(call.deadline))
            return Redeciding(ledger, book, self.releases, decide)

        return (
            ApprovalServicer(
                book,
                Judging(ledger, book, cases, self.now),
                Overriding(ledger, book, cases, self.now),
                Delegations(ledger, cases.charter_of_all, self.now),
                self.now,
            ),
            HandoverServicer(Outbox(ledger, book, self.now)),
            RollbackServicer(Rollbacks(ledger, book, self.now), redeciding, self.now),
            ReportServicer(adoption),
            WaveServicer(Waves(self.releases, Gates(ledger, adoption), self.now)),
        )


def build(settings: Settings, clock: Callable[[], datetime] | None = None) -> App:
    """Migrate, open, compose."""
    settings.data.mkdir(parents=True, exist_ok=True)
    upgrade(settings.database_url, migrations_folder())
    ring = KeyRing(settings.data)
    signer = ring.signer(settings.origin)
    ledger = RecentLedger(open_ledger(settings.database_url, signer, clock or now))
    cluster = _cluster(settings)
    pool = WorkerPool(
        settings.workers,
        settings.waiting,
        settings.worker_memory_mb << 20,
        settings.solve_seconds,
        partial(ClusterPlace, cluster) if cluster else None,
    )
    for _ in range(settings.workers):
        pool.submit("warm_up")
    following = Following(ledger)
    index = DecisionIndex(ledger, settings.index_url, following)
    keys = (*ring.earlier(), signer.verifier)
    releases = Releases(ledger, clock or now, ReleaseSigner(signer, keys))
    book = SqliteOrderBook(ledger, str(settings.data / "orders.db"), following)
    leases = open_leases(settings.database_url)
    page_token.use_secret(signer.seed)
    return App(
        settings, ledger, releases, index, book, clock or now, pool, Confirmer(), keys, leases, cluster
    )


def _cluster(settings: Settings) -> Cluster | None:
    """The Dask cluster that plans, where one is configured."""
    if not settings.dask:
        return None
    return Cluster(settings.dask, settings.worker_memory_mb << 20, settings.solve_seconds)


def listener(settings: Settings, look: Callable[[], object]) -> server.Listener:
    """Plaintext on loopback, or TLS with certificates and tokens; `look` reads something of the log."""
    own = _own_certificates(settings)
    return server.Listener(
        address=settings.address,
        max_message_mb=settings.max_message_mb,
        edge=Edge(_identifier(settings), _admission(settings)),
        look=look,
        credentials=_credentials(settings) if own else None,
        certificates=own,
        now=now,
        has_reflection=settings.reflection,
    )


def _identifier(settings: Settings) -> Identifier:
    if not settings.tls_certificate:
        return PlaintextIdentifier()
    tokens = None
    if settings.jwks:
        keys = keys_from(settings.jwks, settings.jwks_ca)
        tokens = TokenVerifier(keys, settings.jwt_issuer, settings.jwt_audience)
    clients = ClientCertificates(now, timedelta(days=settings.certificate_warning_days))
    return SecureIdentifier(Grants(Path(settings.grants)), tokens, clients)


def _admission(settings: Settings) -> Admission:
    solving = Gate(settings.workers + settings.waiting, settings.workers, seconds=1.0)
    gates = {Kind.READ: Gate(settings.reading), Kind.JUDGE: Gate(settings.judging), Kind.SOLVE: solving}
    return Admission(gates, Rates(settings.rate, settings.burst))


def _own_certificates(settings: Settings) -> OwnCertificates | None:
    if not settings.tls_certificate:
        return None
    named = {n: getattr(settings, n) for n in ("tls_certificate", "tls_client_ca")}
    files = {name: Path(file) for name, file in named.items() if file}
    return OwnCertificates(files, timedelta(days=settings.certificate_warning_days))


def _credentials(settings: Settings) -> grpc.ServerCredentials:
    """TLS that takes up renewed files with the next connection, without a restart."""
    files = [Path(f) for f in (settings.tls_key, settings.tls_certificate, settings.tls_client_ca) if f]

    def read() -> grpc.ServerCertificateConfiguration:
        key, certificate, *authority = (file.read_bytes() for file in files)
        return grpc.ssl_server_certificate_configuration(
            [(key, certificate)], root_certificates=authority[0] if authority else None
        )

    seen: list[tuple[int, ...]] = [_times(files)]

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        try:
            times = _times(files)
            if times == seen[0]:
                return None
            configuration = read()
        except OSError:
            return None  # half-way through a renewal: what held before holds on
        seen[0] = times
        return configuration

    return grpc.dynamic_ssl_server_credentials(
        read(),
        renewed,  # type: ignore[arg-type]  # None keeps what holds, as grpc documents
        require_client_authentication=bool(settings.tls_client_ca),
    )


def _times(files: list[Path]) -> tuple[int, ...]:
    return tuple(file.stat().st_mtime_ns for file in files)


def migrations_folder() -> Path:
    """The migrations of the source tree, or those that the wheel carries."""
    installed = Path(str(files("decision_service"))) / "_migrations"
    return installed if installed.is_dir() else Path(str(files("decision_service"))).parent / "migrations"


def now() -> datetime:
    """The wall clock, the one place that reads it."""
    return datetime.now(UTC)


def default_workers() -> int:
    """One process a core."""
    return os.cpu_count() or 1
