using System.Security.Cryptography;
using XCron.Daemon.Api;
using XCron.Daemon.Commands;
using XCron.Daemon.Configuration;
using XCron.Daemon.Diagnostics;
using XCron.Daemon.Firing;
using XCron.Daemon.Peers;
using XCron.Daemon.State;
using XCron.Daemon.Tls;
using XCron.Raft;
using XCron.Raft.Grpc;

namespace XCron.Daemon.Hosting;

/// <summary>
/// One daemon, from its data directory to its end. What is made in the constructor lives as long as the process; the
/// node of the log is started once the cluster is known.
/// </summary>
internal sealed class Scheduler : IAsyncDisposable
{
    // Three may be lost in a row, and the fence's half of owner_timeout still holds one.
    private const int ReportsInOwnerTimeout = 4;

    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(1);

    private readonly XCronOptions _options;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly ILogger _logger;
    private readonly ILoggerFactory _loggers;
    private readonly PeersTrace _peersTrace;
    private readonly RaftDirectory _directory;
    private readonly SchedulerState _state = new();
    private readonly LateGateway _gateway;
    private readonly PeerOptions _peerOptions;
    private readonly PeerIdentity _identity;
    private readonly AddressBook _addresses = new();
    private readonly PeerChannels _channels;
    private readonly MemberDirectory _members;
    private readonly SelfStatus _self;
    private readonly MachineSampler _machine;
    private readonly RateSampler _rates;
    private readonly DaemonMetrics _metrics = new();
    private readonly FiringMeters _firingMeters;
    private readonly FiringOptions _firingOptions;
    private readonly FiringStation _firing;
    private readonly ClusterView _clusterView;
    private readonly CancellationTokenSource _stopping = new();
    private RaftNode? _node;
    private PeerStation? _peers;
    private RaftAccess? _raft;

    // Null until the node runs; requests may come before.
    private volatile MemberChanges? _changes;
    private volatile CallersNotice? _notice;
    private Task _background = Task.CompletedTask;
    private Task _backgroundFailure = Task.CompletedTask;

    public Scheduler(XCronOptions options, RaftDirectory directory, ILoggerFactory loggers, PeerTls? tls = null)
    {
        _options = options;
        _directory = directory;
        _loggers = loggers;
        _logger = loggers.CreateLogger(DaemonTrace.Category);
        _peersTrace = new PeersTrace(loggers.CreateLogger<PeersTrace>());
        _gateway = new LateGateway(options.RequestTimeout, _time);
        _peerOptions = PeerOptionsOf(options);
        _identity = new PeerIdentity(directory.NodeId, options.Peer.Self, options.Peer.PeerHosts)
        {
            InitialMembership = directory.HasJoined ? null : directory.InitialMembership,
            Told = directory.HasJoined ? directory.InitialMembership : null,
        };
        _channels = new PeerChannels(_peerOptions.ConnectTimeout, tls?.ClientOptions(), _addresses);
        _members = new MemberDirectory(options.OwnerTimeout, _time);
        _machine = new MachineSampler(new MachineReader(options.RaftDir), _time, SampleInterval, _logger);
        Session = new OwnerSession(directory.NodeId, NewIncarnation());
        _firingMeters = new FiringMeters(_metrics);
        _firingOptions = FiringOptionsOf(options);
        _firing = new FiringStation(
            _state, _gateway, () => _node?.Status.Applied ?? LogIndex.Zero, Session, _firingOptions, _time,
            _firingMeters, _logger, NewSeed());
        _self = new SelfStatus
        {
            Session = Session,
            Version = DaemonVersion.Number,
            Address = options.Peer.Self,
            HttpAddress = HttpAddressOf(options),
            IdleEpoch = () => _firing.IdleEpoch,
            Busy = () => _firing.Figures is { AttemptsInFlight: > 0 } or { ResultsWaiting: > 0 },
            AppliedIndex = () => _node?.Status.Applied.Value ?? 0,
            CommitIndex = () => _node?.Status.Commit.Value ?? 0,
            Machine = () => MachineReports.Of(_machine.Latest),
        };
        _clusterView = new ClusterView(
            directory.NodeId, _self, _state, _members, () => _machine.Latest, _time);
        Transport = new GrpcRaftTransport(
            new GrpcTransportOptions
            {
                SharedSecret = options.Peer.SharedSecret,
                PeerTls = tls?.ClientOptions(),
                Locate = _addresses.Of,
            },
            loggers.CreateLogger("XCron.Raft"));
        Cluster = new ClusterPeerService(_peerOptions, _identity, _members, _time, _stopping.Token);
        Readiness = new Readiness(_state, _members, Session, _time);
        _rates = new RateSampler(() => _state.Counters, () => Readiness.ReasonNotReady() is null, _time);
        Services = ApiServicesOf(options);
        Api = new ApiEndpoints(Services);
    }

    public OwnerSession Session { get; }

    public GrpcRaftTransport Transport { get; }

    public ClusterPeerService Cluster { get; }

    public Readiness Readiness { get; }

    public ApiServices Services { get; }

    public ApiEndpoints Api { get; }

    public static PeerOptions PeerOptionsOf(XCronOptions options) => new()
    {
        Address = options.Peer.Self,
        SharedSecret = options.Peer.SharedSecret,
        OwnerTimeout = options.OwnerTimeout,
        RequestTimeout = options.RequestTimeout,
        ReportInterval = options.OwnerTimeout / ReportsInOwnerTimeout,
    };

    /// <summary>Forms or rejoins the cluster and starts everything that turns; returns when this node runs.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _machine.Start();
        _rates.Start();
        await JoinClusterAsync(cancellationToken);
        _state.Observe(_firing);
        _state.Observe(new SessionWitness(_members));
        var logger = _loggers.CreateLogger("XCron.Raft");
        _node = await RaftNode.StartAsync(
            _directory, RaftOptionsOf(_options), _state, Transport, logger, cancellationToken);
        if (!_options.IsPeerPortGuarded && !_options.IsMeantForMany && _node.Status.Membership.Members.Length > 1)
            _logger.PeersAreOpen();
        _clusterView.Attach(_node);
        var raft = _raft = new RaftAccess(_node, _directory.InitialMembership?.Epoch ?? 0);
        _peers = new PeerStation(
            raft, _state, _self, _members, _channels, _peerOptions, _time, new Random(NewSeed()), _peersTrace);
        _identity.InForce = () => raft.Membership.WithEpoch(raft.Epoch);
        _changes = new MemberChanges(raft, _channels, _peerOptions, _time, _state, _members);
        _notice = new CallersNotice(raft, _channels, _peerOptions, _time);
        Cluster.Attach(raft, _changes);
        _gateway.Open(_peers.Commands);
        _firing.Start();
        var admission = new Admission(
            raft, _channels, _peerOptions, _options.Peer.Join, _time, new Random(NewSeed()), _peersTrace,
            _changes.AnswerAsync);
        var search = new MemberSearch(
            raft, _channels, _members, _addresses, [.. _options.Peer.PeerHosts, .. _options.Peer.Join], _peerOptions,
            _time, new Random(NewSeed()), _peersTrace);
        var mark = new AdmissionMark(_options.RaftDir, _logger);
        var wasMember = !_directory.HasJoined || mark.IsSet;
        Task[] parts =
        [
            raft.WatchAsync(_stopping.Token),
            _peers.RunAsync(_stopping.Token),
            admission.RunAsync(wasMember, mark.TrySet, _stopping.Token),
            search.RunAsync(_stopping.Token),
            new LearnerPromotion(raft, _time, _peersTrace).RunAsync(_stopping.Token),
        ];
        _background = Task.WhenAll(parts);
        _backgroundFailure = FirstFailure.OfAsync(parts);
        Readiness.Attach(_node, _firing);
        MeterWiring.Observe(_metrics, _node, _state, _firing, _firingMeters, _peers, _machine, _members);
        Readiness.Stage = null;
    }

    /// <summary>Returns when a part of it has failed: the process must then end. Throws what it failed of.</summary>
    public async Task FailsAsync()
    {
        var failed = await Task.WhenAny(_node!.Completion, _firing.Failure, _backgroundFailure);
        await failed;
    }

    /// <summary>
    /// Hands shards and leadership over, lets callbacks under way end, records them, and stops the node.
    /// </summary>
    public async Task StopAsync()
    {
        Readiness.Stage = "stopping";
        using var limit = new CancellationTokenSource(DrainLimit, _time);
        if (_peers is not null)
            await _peers.DrainAsync(limit.Token);
        if (_raft is { IsLeader: true } raft)
            await HandOverAsync(raft);
        await _firing.StopAsync(limit.Token);
        await _stopping.CancelAsync();
        await _background.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_peers is not null)
            await _peers.DisposeAsync();
        if (_node is not null)
            await _node.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _firing.DisposeAsync();
        if (_node is not null)
            await _node.DisposeAsync();
        await _machine.DisposeAsync();
        await _rates.DisposeAsync();
        Cluster.Dispose();
        _channels.Dispose();
        _metrics.Dispose();
        _directory.Dispose();
        _stopping.Dispose();
    }

    private async Task JoinClusterAsync(CancellationToken cancellationToken)
    {
        if (_directory.InitialMembership is { } formed)
        {
            var others = _options.Peer.PeerHosts.Except(formed.Members.Select(member => member.Address)).ToArray();
            if (others.Length > 0)
                _logger.PeerHostsIgnored(string.Join(", ", others), formed.ToString());
            return;
        }

        var membership = _options.Peer.Join.Count > 0
            ? await SearchAsync(cancellationToken)
            : await FormAsync(cancellationToken);
        if (membership.Find(_directory.NodeId) is null)
        {
            _directory.Join(membership);
            _identity.Told = membership;
        }
        else
        {
            _directory.Form(membership);
            _identity.InitialMembership = membership;
        }

        Readiness.Stage = "starting";
    }

    private Task<Membership> FormAsync(CancellationToken cancellationToken)
    {
        Readiness.Stage = "waiting for the peers of peer_hosts to form the cluster";
        var formation = new ClusterFormation(
            _identity, _channels, _peerOptions, _time, new Random(NewSeed()), _peersTrace);
        return formation.RunAsync(cancellationToken);
    }

    private Task<Membership> SearchAsync(CancellationToken cancellationToken)
    {
        Readiness.Stage = "looking for the cluster of [peer] join";
        var search = new ClusterSearch(
            _identity, _options.Peer.Join, _channels, _peerOptions, _time, new Random(NewSeed()), _peersTrace);
        return search.RunAsync(cancellationToken);
    }

    private async Task HandOverAsync(RaftAccess raft)
    {
        // Ends by itself within the request timeout; where it fails the others find a leader as after a crash.
        var outcome = await raft.TransferLeadershipAsync(NodeId.None, CancellationToken.None);
        _logger.LeadershipHandedOver(outcome);
    }

    private Task<MemberAnswer> ChangeMembersAsync(
        MemberAction action, string host, CancellationToken cancellationToken) => _changes is { } changes
        ? changes.ChangeAsync(action, host, cancellationToken)
        : Task.FromResult<MemberAnswer>(new MemberAnswer.NoLeader());

    private ApiServices ApiServicesOf(XCronOptions options)
    {
        var ids = new TaskIdSource(Session, _time);
        return new ApiServices
        {
            Gateway = _gateway,
            Tasks = _state,
            Cluster = _clusterView,
            ChangeMembers = ChangeMembersAsync,
            AwaitCallers = (callers, stop) => _notice?.WaitAsync(callers, stop) ?? Task.CompletedTask,
            CallbackRules = new ApiCallbackRules(_firingOptions),
            Keys = new ApiKeys(options.Auth.ApiKeys),
            Time = _time,
            RequestIds = new RequestIdSource(new Random(NewSeed()), _time),
            NextTaskId = ids.Next,
            Proposer = ids.Session,
            ReportDefect = (uuid, failure) => _logger.RequestFailed(uuid.ToString(), "/xcron/", failure),
            RequestFinished = _metrics.RequestFinished,
            Rates = _rates.Read,
            DefaultTimezone = options.DefaultTimezone.Id,
            Version = DaemonVersion.Number,
            MaxRequestBytes = options.MaxRequestBytes,
            CompletedRetention = options.CompletedRetention,
        };
    }

    private static RaftOptions RaftOptionsOf(XCronOptions options) => new()
    {
        ElectionTimeout = options.Raft.ElectionTimeout,
        HeartbeatInterval = options.Raft.HeartbeatInterval,
        RequestTimeout = options.RequestTimeout,
        SegmentBytes = options.Raft.SegmentBytes,
        SnapshotLogBytes = options.Raft.SnapshotLogBytes,
    };

    private static FiringOptions FiringOptionsOf(XCronOptions options) => new()
    {
        OwnerTimeout = options.OwnerTimeout,
        MisfireThreshold = options.MisfireThreshold,
        CompletedRetention = options.CompletedRetention,
        MaxConcurrent = options.Callback.MaxConcurrent,
        MaxPerHost = options.Callback.MaxPerHost,
        AllowedNetworks = options.Callback.Allow,
        DeniedNetworks = options.Callback.Deny,
        SigningSecrets = options.Callback.SigningSecrets,
        UserAgent = $"xcron/{DaemonVersion.Number}",
    };

    private static string HttpAddressOf(XCronOptions options)
    {
        var self = options.Peer.Self;
        return $"{self[..self.LastIndexOf(':')]}:{options.HttpPort}";
    }

    private static ulong NewIncarnation()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes) | 1; // never 0
    }

    private static int NewSeed() => RandomNumberGenerator.GetInt32(int.MaxValue);
}
