using Microsoft.Extensions.Logging.Abstractions;
using XCron.Daemon.Api;
using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.Peers;
using XCron.Daemon.State;
using XCron.Daemon.Tests.Api;
using XCron.Daemon.Tests.Firing;
using XCron.Daemon.Tests.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;
using XCron.Raft.Runtime;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// One life of one daemon: the real node of the log, state, assigner, firing and API, assembled without a thread. The
/// simulation turns it.
/// </summary>
internal sealed class SchedulerProcess : IDisposable
{
    private readonly SimulatedMachine _machine;
    private readonly SimulatedWires _wires;
    private readonly DaemonTransport _transport;
    private readonly ProcessClock _clock;
    private readonly FiringAssembly _firing;
    private readonly MemberDirectory _members;
    private readonly SelfStatus _self;
    private readonly ProcessOffice _office;
    private readonly ProcessStations _stations;
    private readonly Dictionary<OwnerSession, long> _streams = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _aborting = new();
    private readonly List<Task> _loops = [];
    private long _timingDueMs;

    public SchedulerProcess(SimulatedMachine machine, SimulationWorld world, Random random)
    {
        _machine = machine;
        _wires = world.Wires;
        var timeouts = world.Timeouts;
        _clock = new ProcessClock(machine.Clock);
        Raft = new ProcessRaft(_clock, timeouts.Request);
        Session = new OwnerSession(machine.Id, (ulong)random.NextInt64(1, long.MaxValue));
        Gateway = new SimulatedGateway(this, _wires, timeouts, _clock);
        _members = new MemberDirectory(timeouts.Owner, _clock);
        _firing = new FiringAssembly(
            State, Gateway, () => Raft.Applied, Session, world.FiringOptions, _clock, new CountingMetrics(),
            NullLogger.Instance, random.Next(), world.Target.DoorOf(this), StartBeside, timeouts.LongestSleepMs);
        _self = new SelfStatus
        {
            Session = Session,
            Version = "0",
            Address = machine.Address,
            HttpAddress = machine.Address,
            IdleEpoch = () => _firing.IdleEpoch,
            Busy = () => IsBusy,
            AppliedIndex = () => Raft.Applied.Value,
            Machine = static () => new Proto.Cluster.MachineFigures(),
        };
        _transport = new DaemonTransport(machine.Id, world.Network, world.NodeOf);
        State.Observe(_firing);
        State.Observe(new SessionWitness(_members));
        Node = BuildNode(machine, world, random);
        Raft.Attach(Node);
        var peerOptions = PeerOptionsOf(machine);
        Members = new ProcessMembers(this, world, peerOptions, _clock, _members, random);
        var assigner = new ShardAssigner(
            Raft, State, _members, _self, peerOptions, _clock, new Random(random.Next()), Traces.None);
        _office = new ProcessOffice(assigner, machine, timeouts.Report, SendReports);
        Raft.Changed += _office.Wake;
        Raft.Changed += () => _members.KeepOnly(Raft.Membership);
        _members.Changed += _office.Wake;
        _members.Changed += _office.Hurry;
        _stations = new ProcessStations(Node, machine, world.Time, random);
        Endpoints = new ApiEndpoints(ApiServicesOf(world, random));
        Context.Do(StartLoops);
    }

    public SimulatedMachine Machine => _machine;

    public ProcessContext Context { get; } = new();

    public OwnerSession Session { get; }

    public SchedulerState State { get; } = new();

    public NodeAssembly Node { get; }

    public ProcessRaft Raft { get; }

    public SimulatedGateway Gateway { get; }

    public ApiEndpoints Endpoints { get; }

    public ProcessMembers Members { get; }

    /// <summary>What a request found to be a defect.</summary>
    public List<Exception> Defects { get; } = [];

    /// <summary>A graceful stop was asked for.</summary>
    public bool IsStopping => _self.Draining;

    /// <summary>A graceful stop came to its end.</summary>
    public bool HasStopped { get; private set; }

    public bool IsBusy => _firing.Dispatcher.InFlight > 0 || _firing.Results.Waiting > 0;

    /// <summary>In true time, when something of it is due next.</summary>
    public long NextDueMs
    {
        get
        {
            if (Context.HasWork || _stations.HasWork)
                return 0;
            var nextMs = Math.Min(_clock.NextDueMs, _stations.NextDueMs);
            return Math.Min(nextMs, Math.Min(_timingDueMs, _office.NextDueMs));
        }
    }

    /// <summary>Does all that is due now, each part once. Returns whether there was anything.</summary>
    public bool Turn(long nowMs)
    {
        var did = false;
        Context.Do(() =>
        {
            did |= _clock.FireDue();
            did |= Context.Drain();
            did |= _stations.Turn(nowMs);
            Raft.Look();
            did |= _office.Turn(nowMs);
            if (did || nowMs >= _timingDueMs)
                did |= TurnTiming(nowMs);
            did |= Context.Drain();
        });
        foreach (var loop in _loops)
        {
            if (loop.IsFaulted)
                throw loop.Exception!;
        }

        return did;
    }

    public static PeerOptions PeerOptionsOf(SimulatedMachine machine) => new()
    {
        Address = machine.Address,
        OwnerTimeout = machine.Timeouts.Owner,
        RequestTimeout = machine.Timeouts.Request,
        ReportInterval = machine.Timeouts.Report,
        ConnectTimeout = machine.Timeouts.Election,
        LeastBackoff = machine.Timeouts.Retry,
        MostBackoff = machine.Timeouts.Owner,
    };

    public void Heard(NodeReport report)
    {
        if (Raft.Membership.Find(new NodeId(report.NodeId)) is null)
            return;

        // What a process says comes by one stream; its successor opens another.
        var session = new OwnerSession(new NodeId(report.NodeId), report.Incarnation);
        if (!_streams.TryGetValue(session, out var stream))
            _streams.Add(session, stream = _members.OpenStream());
        _members.Heard(report, stream);
    }

    /// <summary>Hands over shards and leadership, lets callbacks end, and is gone: what SIGTERM does.</summary>
    public void Stop() => Context.Do(() => _loops.Add(StopAsync()));

    /// <summary>The process is gone: nothing of it goes on.</summary>
    public void Dispose()
    {
        Context.Die();
        _transport.Die();
        _firing.Dispose();
        _stopping.Dispose();
        _aborting.Dispose();
    }

    private NodeAssembly BuildNode(SimulatedMachine machine, SimulationWorld world, Random random)
    {
        var options = new RaftOptions
        {
            ElectionTimeout = world.Timeouts.Election,
            HeartbeatInterval = world.Timeouts.Heartbeat,
            RequestTimeout = world.Timeouts.Request,
            SegmentBytes = 64 * 1024,
            SnapshotLogBytes = world.SnapshotLogBytes,
            CachedLogBytes = 64 * 1024,
            TimeProvider = _clock,
            Seed = random.Next(),
        };
        var building = NodeAssembly.BuildAsync(
            machine.Disk, machine.Told ?? world.Initial, machine.Id, options, new WatchedState(State, world.Witness),
            _transport, work => _stations!.Background(work), NullLogger.Instance, default);
        return building.IsCompleted
            ? building.Result
            : throw new InvalidOperationException("A simulated start has nothing to wait for.");
    }

    private ApiServices ApiServicesOf(SimulationWorld world, Random random)
    {
        var ids = new TaskIdSource(Session, _clock);
        return new ApiServices
        {
            Gateway = Gateway,
            Tasks = State,
            Cluster = new FixedCluster(),
            ChangeMembers = Members.ChangeAsync,
            AwaitCallers = Members.AwaitCallersAsync,
            CallbackRules = new AnyTarget(),
            Time = _clock,
            RequestIds = new RequestIdSource(new Random(random.Next()), _clock),
            NextTaskId = ids.Next,
            Proposer = Session,
            ReportDefect = (_, defect) => Defects.Add(defect),
            DefaultTimezone = "UTC",
            Version = "0",
            CompletedRetention = world.FiringOptions.CompletedRetention,
        };
    }

    private void StartLoops()
    {
        _loops.Add(EndedBy(_firing.Results.RunAsync(_aborting.Token)));
        _loops.Add(EndedBy(_firing.Dispatcher.RunAsync(_stopping.Token)));
        _loops.Add(EndedBy(_firing.Claims.RunAsync(_stopping.Token, _aborting.Token)));
        _loops.Add(Members.RunAsync());
    }

    private async Task EndedBy(Task loop)
    {
        try
        {
            await loop;
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The usual end.
        }
    }

    /// <summary>Begins in its own turn, as on a pool: its starter may hold a lock.</summary>
    private Task StartBeside(Func<Task> work)
    {
        var ended = new TaskCompletionSource();
        Context.Post(_ => _ = RunAsync(work, ended), null);
        return ended.Task;
    }

    private static async Task RunAsync(Func<Task> work, TaskCompletionSource ended)
    {
        await work();
        ended.SetResult();
    }

    private bool TurnTiming(long nowMs)
    {
        if (_stopping.IsCancellationRequested)
        {
            _timingDueMs = long.MaxValue;
            return false;
        }

        var sleepMs = _firing.Timing.RunOnce();
        _firing.Dispatcher.Heartbeat();
        if (_firing.Dispatcher.Waiting > 0)
            sleepMs = Math.Min(sleepMs, TimingLoop.MaxSleepMs);
        _timingDueMs = sleepMs == 0 ? nowMs : _machine.Clock.TrueMsOf(_machine.Clock.MonotonicMs + sleepMs);
        return sleepMs == 0;
    }

    /// <summary>The wall clock was set: a loop that sleeps a second sees it within one.</summary>
    public void ClockSet(long nowMs) => _timingDueMs = Math.Min(_timingDueMs, nowMs + TimingLoop.MaxSleepMs);

    private void SendReports()
    {
        var report = _self.Report(_clock.GetUtcNow());
        foreach (var member in Raft.Membership.Members)
        {
            if (member.Id != _machine.Id)
                _wires.Carry(_machine.Id, member.Id, there => there.Heard(report));
        }
    }

    private async Task StopAsync()
    {
        var limit = _machine.Timeouts.Owner * 2.5;
        var began = _clock.GetTimestamp();
        _self.Draining = true;
        _office.Hurry();
        _office.Wake();
        while (Raft.Membership.Voters.Length > 1 && State.Ownership.IsAlive(Session)
            && _clock.GetElapsedTime(began) < limit)
        {
            await Task.Delay(_machine.Timeouts.Retry, _clock, CancellationToken.None);
            _office.Hurry();
        }

        if (Raft.IsLeader && Raft.Membership.Voters.Length > 1)
            await Raft.TransferLeadershipAsync(NodeId.None, CancellationToken.None);
        _stopping.Cancel();
        while (IsBusy && _clock.GetElapsedTime(began) < limit * 2)
            await Task.Delay(_machine.Timeouts.Retry, _clock, CancellationToken.None);
        HasStopped = true;
    }

    private sealed class AnyTarget : ICallbackRules
    {
        public string? Check(Uri target) => null;
    }
}
