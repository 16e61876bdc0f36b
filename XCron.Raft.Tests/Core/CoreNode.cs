using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>
/// One core with a disk, a state machine and a clock that the test turns by hand. Unless held, writes become durable
/// and entries are applied at once.
/// </summary>
internal sealed class CoreNode
{
    private readonly CoreOptions _options;
    private readonly int _seed;
    private readonly List<Effect> _effects = [];
    private readonly Queue<Effect.Send> _held = new();
    private long _durableSequence;

    public CoreNode(int id, RecoveredState start, CoreOptions? options = null, int seed = 1)
    {
        _options = (options ?? new CoreOptions { Self = Make.Id(id) }) with { Self = Make.Id(id) };
        _seed = seed;
        Disk = new CoreDisk(start);
        Number = id;
        Start();
    }

    public int Number { get; }

    public NodeId Id => Make.Id(Number);

    public CoreDisk Disk { get; }

    public RaftCore Core { get; private set; } = null!; // set by Start

    public CoreOptions Options => _options;

    public int Lives { get; private set; }

    public bool IsUp { get; private set; }

    public long NowMs { get; set; }

    /// <summary>How many of its milliseconds pass in one of the cluster's.</summary>
    public double ClockSpeed { get; set; } = 1;

    /// <summary>What has left the node and was not taken by the test.</summary>
    public List<Message> Sent { get; } = [];

    public Action<Message> Leaving { get; set; } = static _ => { };

    /// <summary>Sees every effect before it is carried out.</summary>
    public Action<Effect> Watching { get; set; } = static _ => { };

    /// <summary>Sees every write that has become durable, before the core hears of it.</summary>
    public Action<Effect.Write> Flushing { get; set; } = static _ => { };

    public Queue<Effect.Write> Writes { get; } = new();

    public Queue<LogEntry[]> Applies { get; } = new();

    public List<Effect.InstallSnapshot> Installs { get; } = [];

    public List<Effect.LoadEntries> Loads { get; } = [];

    public List<Effect.RoleChanged> RoleChanges { get; } = [];

    /// <summary>How each read ended: with an index, or null where it failed.</summary>
    public Dictionary<long, LogIndex?> Reads { get; } = [];

    /// <summary>Everything applied, from the first entry on.</summary>
    public List<LogEntry> Machine { get; } = [];

    public bool HoldsDisk { get; set; }

    public bool HoldsApplies { get; set; }

    public bool HoldsLoads { get; set; }

    public bool IsLeader => IsUp && Core.Role.Kind == RaftRole.Leader;

    public RaftRole Kind => Core.Role.Kind;

    public long Term => Core.Term.Value;

    public long Commit => Core.Log.Commit.Value;

    public long Last => Core.Log.LastIndex.Value;

    public LogIndex Applied => Machine.Count == 0 ? LogIndex.Zero : Machine[^1].Index;

    /// <summary>The terms of the log, first to last, as far as it is not compacted.</summary>
    public long[] Terms
    {
        get
        {
            var terms = new List<long>();
            for (var index = Core.Log.View.FirstIndex; index <= Core.Log.LastIndex; index = index.Next)
                terms.Add(Core.Log.View.TermAt(index).Value);
            return [.. terms];
        }
    }

    public void Start()
    {
        Lives++;
        IsUp = true;
        _durableSequence = 0;
        var recovered = Disk.Recover() with { MayHavePromised = Lives > 1 && Disk.HardState.Term > new Term(1) };
        Machine.AddRange(Disk.SnapshotState);
        Core = new RaftCore(_options, recovered, new Random((_seed * 1000) + (Number * 100) + Lives), NowMs);
        Pump();
    }

    /// <summary>The process ends; writes that are not durable are gone, and with them what waited for them.</summary>
    /// <param name="madeIt">So many of them reached the disk, but nobody was told.</param>
    public void Crash(int madeIt = 0)
    {
        for (; madeIt > 0 && Writes.TryDequeue(out var write); madeIt--)
            Disk.Write(write);
        IsUp = false;
        _held.Clear();
        Sent.Clear();
        Writes.Clear();
        Applies.Clear();
        Installs.Clear();
        Loads.Clear();
        RoleChanges.Clear();
        Reads.Clear();
        Machine.Clear();
    }

    public void Restart()
    {
        Crash();
        Start();
    }

    public void Receive(params Message[] messages)
    {
        foreach (var message in messages)
        {
            Core.Step(message, NowMs);
            Pump();
        }
    }

    /// <summary>One batch: all messages are taken in before anything goes out.</summary>
    public void ReceiveTogether(params Message[] messages)
    {
        foreach (var message in messages)
            Core.Step(message, NowMs);
        Pump();
    }

    public void Tick()
    {
        Core.Tick(NowMs);
        Pump();
    }

    /// <summary>Moves the clock on and lets the core know.</summary>
    public void Wait(long ms)
    {
        NowMs += ms;
        Tick();
    }

    public ProposeAdmission Propose(int bytes = 8) => Propose(Make.Command(Last + 1, Term, bytes).Payload);

    public ProposeAdmission Propose(ReadOnlyMemory<byte> payload)
    {
        var admission = Core.Propose(payload);
        Pump();
        return admission;
    }

    public void Read(long readId)
    {
        Core.ReadIndex(readId, NowMs);
        Pump();
    }

    /// <summary>The first so many writes become durable, as one flush.</summary>
    public void Flush(int count = int.MaxValue)
    {
        var last = 0L;
        for (; count > 0 && Writes.TryDequeue(out var write); count--)
        {
            Disk.Write(write);
            Flushing(write);
            last = write.Sequence;
        }

        if (last == 0)
            return;

        _durableSequence = last;
        Core.OnDurable(last);
        Release();
        Pump();
    }

    public void HearOfDisk(DiskHealth health)
    {
        Core.OnDiskHealth(health);
        Pump();
    }

    /// <summary>The first so many batches reach the state machine.</summary>
    public void Apply(int count = int.MaxValue)
    {
        var before = Applied;
        for (; count > 0 && Applies.TryDequeue(out var entries); count--)
        {
            // After a snapshot was restored, what was handed out before it is already in the state.
            foreach (var entry in entries.Where(entry => entry.Index > Applied))
            {
                Assert.That(entry.Index, Is.EqualTo(Applied.Next), "entries are applied without a gap, each once");
                Machine.Add(entry);
            }
        }

        if (Applied == before)
            return;

        Core.OnApplied(Applied);
        Pump();
    }

    public void Load()
    {
        foreach (var load in Loads.ToArray())
        {
            Loads.Remove(load);
            Core.OnEntriesLoaded(load.Peer, load.From, Disk.Read(load.From, load.MaxBytes));
        }

        Pump();
    }

    /// <summary>A snapshot of what is applied; the log is cut before <paramref name="keepFrom"/>.</summary>
    public SnapshotMark TakeSnapshot(long? keepFrom = null)
    {
        var configuration = Machine.Last(entry => entry.Kind == EntryKind.Configuration);
        var membership = Membership.Decode(configuration.Payload.Span);
        var mark = new SnapshotMark(Applied, Machine[^1].Term, membership, configuration.Index);
        var keep = keepFrom is { } from ? Make.At(from) : mark.Index.Next;
        Disk.SaveSnapshot(mark, [.. Machine]);
        Disk.Compact(Core.OnSnapshotTaken(mark, keep));
        Pump();
        return mark;
    }

    /// <summary>The pull has ended: the snapshot is on disk and, where it is news, in the state machine.</summary>
    public void Install(SnapshotMark mark, LogEntry[] state)
    {
        Installs.RemoveAll(install => install.Index == mark.Index);
        Disk.SaveSnapshot(mark, state);
        if (mark.Index > Applied)
        {
            Machine.Clear();
            Machine.AddRange(state);
            Core.OnSnapshotInstalled(mark);
        }
        else
        {
            Core.OnSnapshotFailed(mark.Index);
        }

        Pump();
    }

    public void FailInstall(long index)
    {
        Installs.RemoveAll(install => install.Index.Value == index);
        Core.OnSnapshotFailed(Make.At(index));
        Pump();
    }

    /// <summary>Takes what was sent of one kind, and drops the rest.</summary>
    public T[] Take<T>()
        where T : Message
    {
        T[] taken = [.. Sent.OfType<T>()];
        Sent.Clear();
        return taken;
    }

    /// <summary>Campaigns and receives every vote, so that it leads; what it sent meanwhile is dropped.</summary>
    public CoreNode Lead()
    {
        NowMs = Math.Max(NowMs, Core.NextDeadlineMs);
        Tick();
        foreach (var voter in Core.Membership.Voters.Where(voter => voter != Id))
            Receive(Say.Voted((int)voter.Value, Number, Term + 1, granted: true, preVote: true));
        foreach (var voter in Core.Membership.Voters.Where(voter => voter != Id))
            Receive(Say.Voted((int)voter.Value, Number, Term));
        Assert.That(Kind, Is.EqualTo(RaftRole.Leader), "it has all votes");
        Tick();
        Sent.Clear();
        return this;
    }

    /// <summary>Carries out effects until none are left.</summary>
    public void Pump()
    {
        do
        {
            _effects.Clear();
            Core.Drain(_effects);
            foreach (var effect in _effects)
                CarryOut(effect);
            if (!HoldsDisk && Writes.Count > 0)
                Flush();
            if (!HoldsApplies && Applies.Count > 0)
                Apply();
            if (!HoldsLoads && Loads.Count > 0)
                Load();
        }
        while (_effects.Count > 0);
    }

    private void CarryOut(Effect effect)
    {
        Watching(effect);
        switch (effect)
        {
            case Effect.Write write:
                Writes.Enqueue(write);
                break;
            case Effect.Send send when send.AfterWrite > _durableSequence:
                _held.Enqueue(send);
                break;
            case Effect.Send send:
                Leave(send.Message);
                break;
            case Effect.Apply apply:
                Applies.Enqueue(apply.Entries);
                break;
            case Effect.ReadReady ready:
                Reads.Add(ready.ReadId, ready.Index);
                break;
            case Effect.ReadFailed failed:
                Reads.Add(failed.ReadId, null);
                break;
            case Effect.InstallSnapshot install:
                Installs.Add(install);
                break;
            case Effect.LoadEntries load:
                Loads.Add(load);
                break;
            case Effect.RoleChanged changed:
                RoleChanges.Add(changed);
                break;
            default:
                throw new System.Diagnostics.UnreachableException(effect.GetType().Name);
        }
    }

    private void Release()
    {
        while (_held.TryPeek(out var send) && send.AfterWrite <= _durableSequence)
            Leave(_held.Dequeue().Message);
    }

    private void Leave(Message message)
    {
        Leaving(message);
        Sent.Add(message);
    }
}
