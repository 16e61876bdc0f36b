using XCron.Raft;
using XCron.Raft.Core;

namespace bench.Raft;

/// <summary>
/// The core alone, without thread, disk or network: 256 proposals at a time, every write durable at once, messages
/// handed over in memory.
/// </summary>
internal sealed class CoreProfile
{
    private const int Concurrency = 256;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(3);

    private readonly RaftCore[] _cores;
    private readonly List<Effect> _effects = [];
    private long _applied;

    private CoreProfile(int count)
    {
        var members = Enumerable.Range(1, count).Select(id => new Member(new NodeId((ulong)id), $"node-{id}:1"));
        var membership = new Membership(Guid.NewGuid(), members);
        var first = new LogEntry(new LogIndex(1), new Term(1), EntryKind.Configuration, membership.Encode());
        var recovered = new RecoveredState(new HardState(new Term(1), NodeId.None), null, [first], first.Index);
        _cores = new RaftCore[count];
        for (var i = 0; i < count; i++)
        {
            var options = new CoreOptions { Self = new NodeId((ulong)(i + 1)) };
            _cores[i] = new RaftCore(options, recovered, new Random(i), 0);
        }
    }

    private static long NowMs => TimeProvider.System.GetTimestamp() / (TimeProvider.System.TimestampFrequency / 1000);

    public static Measurement Run(int count)
    {
        var profile = new CoreProfile(count);
        var leader = profile._cores[0];
        for (var nowMs = 0L; leader.Role.Kind != RaftRole.Leader; nowMs += 10)
        {
            leader.Tick(nowMs);
            profile.Turn(nowMs);
        }

        var start = TimeProvider.System.GetTimestamp();
        var startMs = leader.NowMs - NowMs;
        var ticks = new List<long>();
        var elapsed = TimeSpan.Zero;
        var usedBefore = TimeSpan.Zero;
        while (elapsed < WarmUp + Measured)
        {
            var begun = TimeProvider.System.GetTimestamp();
            profile.Propose(leader, startMs + NowMs);
            var ended = TimeProvider.System.GetTimestamp();
            elapsed = TimeProvider.System.GetElapsedTime(start, ended);
            if (elapsed <= WarmUp)
                usedBefore = Environment.CpuUsage.TotalTime;
            else
                ticks.AddRange(Enumerable.Repeat(ended - begun, Concurrency));
        }

        return Measurement.Of(elapsed - WarmUp, Environment.CpuUsage.TotalTime - usedBefore, [.. ticks]);
    }

    private void Propose(RaftCore leader, long nowMs)
    {
        var target = _applied + Concurrency;
        leader.Tick(nowMs);
        for (var i = 0; i < Concurrency; i++)
        {
            if (!leader.Propose(new byte[ClosedLoop.EntryBytes]).Accepted)
                throw new InvalidOperationException("a proposal was refused");
        }

        while (_applied < target)
            Turn(nowMs);
    }

    /// <summary>Lets every core say what it has to say, until none has anything more.</summary>
    private void Turn(long nowMs)
    {
        bool isBusy;
        do
        {
            isBusy = false;
            foreach (var core in _cores)
            {
                _effects.Clear();
                core.Drain(_effects);
                isBusy |= _effects.Count > 0;
                foreach (var effect in _effects)
                    CarryOut(core, effect, nowMs);
            }
        }
        while (isBusy);
    }

    private void CarryOut(RaftCore core, Effect effect, long nowMs)
    {
        switch (effect)
        {
            case Effect.Write write:
                core.OnDurable(write.Sequence);
                break;
            case Effect.Send send:
                _cores[(int)send.Message.To.Value - 1].Step(send.Message, nowMs);
                break;
            case Effect.Apply apply:
                core.OnApplied(apply.Entries[^1].Index);
                if (core == _cores[0])
                    _applied += apply.Entries.Count(static entry => entry.Kind == EntryKind.Command);
                break;
        }
    }
}
