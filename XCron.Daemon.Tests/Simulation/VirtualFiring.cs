using Microsoft.Extensions.Logging.Abstractions;
using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.Tests.Firing;
using XCron.Raft;
using XCron.Raft.Tests.Simulation;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// All of firing as a node has it, from the wheel to the recorded result, with its queues and places, on a log that
/// applies at once: one thread, virtual time, and a target that answers by the agenda.
/// </summary>
internal sealed class VirtualFiring : IDisposable
{
    private const int MostRounds = 100_000;
    private const int Seed = 14;

    private readonly VirtualTime _time = new();
    private readonly MachineClock _machine;
    private readonly ProcessClock _clock;
    private readonly ProcessContext _context = new();
    private readonly FiringAssembly _firing;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _loops = [];
    private long _timingDueMs;

    /// <param name="options">The limits.</param>
    /// <param name="answer">Hears of each call; its task is to be completed by the agenda.</param>
    public VirtualFiring(
        FiringOptions options, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer)
    {
        _machine = new MachineClock(_time);
        _clock = new ProcessClock(_machine);
        Agenda = new Agenda(_time);
        var self = new OwnerSession(new NodeId(1), 11);
        _firing = new FiringAssembly(
            Log.Tasks, new MemoryGateway(Log), () => new LogIndex(Log.Entries.Count), self, options, _clock,
            new CountingMetrics(), NullLogger.Instance, Seed, new FakeTarget(answer), StartBeside);
        Log.Observe(_firing);
        Log.AssignAll(self);
        _context.Do(() =>
        {
            _loops.Add(_firing.Results.RunAsync(_stopping.Token));
            _loops.Add(_firing.Dispatcher.RunAsync(_stopping.Token));
            _loops.Add(_firing.Claims.RunAsync(_stopping.Token, _stopping.Token));
        });
    }

    public MemoryLog Log { get; } = new();

    public Agenda Agenda { get; }

    public long NowMs => _machine.WallMs;

    public int Waiting => _firing.Dispatcher.Waiting;

    public int InFlight => _firing.Dispatcher.InFlight;

    public int ResultsWaiting => _firing.Results.Waiting;

    public int Armed => _firing.Timing.ArmedCount + _firing.Timing.OverdueCount;

    /// <summary>Lets so much time pass, with all that happens in it.</summary>
    public void GoOn(TimeSpan span)
    {
        var endMs = _time.NowMs + (long)span.TotalMilliseconds;
        while (true)
        {
            DoInstant();
            var nextMs = Math.Min(Agenda.NextDueMs, Math.Min(_clock.NextDueMs, _timingDueMs));
            if (nextMs >= endMs)
                break;
            _time.Advance(Math.Max(0, nextMs - _time.NowMs));
        }

        _time.Advance(endMs - _time.NowMs);
    }

    public void Dispose()
    {
        _context.Die();
        _firing.Dispose();
        _stopping.Dispose();
    }

    private void DoInstant()
    {
        for (var round = 0; TurnOnce(); round++)
        {
            if (round > MostRounds)
                throw new InvalidOperationException("Something turns in vain: a moment has no end.");
        }

        foreach (var loop in _loops)
        {
            if (loop.IsCompleted)
                throw new InvalidOperationException("A loop of firing has ended.", loop.Exception);
        }
    }

    private bool TurnOnce()
    {
        var did = Agenda.DoDue();
        _context.Do(() =>
        {
            did |= _clock.FireDue();
            did |= _context.Drain();
            if (did || _time.NowMs >= _timingDueMs)
                did |= TurnTiming();
            did |= _context.Drain();
        });
        return did;
    }

    private bool TurnTiming()
    {
        var sleepMs = _firing.Timing.RunOnce();
        _firing.Dispatcher.Heartbeat();
        _timingDueMs = _time.NowMs + sleepMs;
        return sleepMs == 0;
    }

    /// <summary>Begins in its own turn, as on a pool: its starter may hold a lock.</summary>
    private Task StartBeside(Func<Task> work)
    {
        var ended = new TaskCompletionSource();
        _context.Post(_ => _ = RunAsync(work, ended), null);
        return ended.Task;
    }

    private static async Task RunAsync(Func<Task> work, TaskCompletionSource ended)
    {
        await work();
        ended.SetResult();
    }
}
