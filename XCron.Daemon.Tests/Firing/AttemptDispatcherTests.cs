using System.Net;
using Microsoft.Extensions.Logging;
using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

/// <summary>What is granted and may not be sent yet: put aside, looked at, told once.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class AttemptDispatcherTests : IDisposable
{
    private const long Start = 1_700_000_000_000;
    private const long HourMs = 3_600_000;

    private static readonly OwnerSession Self = new(new NodeId(1), 11);
    private static readonly OwnerSession Gone = new(new NodeId(9), 9);
    private readonly ManualClock _clock = new(Start);
    private readonly MemoryLog _log = new();
    private readonly Queue<Func<Task>> _started = new();
    private readonly List<string> _told = [];
    private readonly FiringAssembly _firing;
    private readonly MemoryGateway _gateway;
    private int _sent;

    public AttemptDispatcherTests()
    {
        _gateway = new MemoryGateway(_log);
        var target = new FakeTarget((_, _) =>
        {
            _sent++;
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK));
        });
        _firing = new FiringAssembly(
            _log.Tasks, _gateway, () => _log.Applied, Self, new FiringOptions(), _clock, new CountingMetrics(),
            new Listener(_told), 1, target, Begin);
        _log.Observe(_firing);
    }

    public void Dispose() => _firing.Dispose();

    [Test]
    public async Task What_is_not_due_by_the_own_clock_is_told_once_and_costs_no_place_until_it_is()
    {
        _log.AssignAll(Gone);
        for (var id = 1; id <= 3; id++)
        {
            _log.Create(id, Start + HourMs, Definitions.OneShot());
            _log.Apply(TaskCommands.EncodeClaims(Gone, Start + HourMs, [new ClaimRun
            {
                TaskId = id,
                Revision = 1,
                Action = ClaimAction.Start,
                ScheduledMs = Start + HourMs,
            }]));
        }

        _log.AssignAll(Self);
        await TurnAsync();
        Assert.That((_firing.Dispatcher.Waiting, _sent), Is.EqualTo((3, 0)));

        for (var second = 1; second < 20; second++)
        {
            _clock.Advance(1000);
            await TurnAsync();
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_sent, Is.Zero);
            Assert.That(_told.Where(static line => line.Contains("claimed attempts wait")), Has.Exactly(1).Items);
            Assert.That(_gateway.Barriers, Is.LessThanOrEqualTo(1), "a look at a clock needs nobody else");
        }

        _clock.Advance(HourMs - 20_000);
        await TurnAsync();
        Assert.That(_sent, Is.Zero, "a second is left");
        _clock.Advance(1000);
        await TurnAsync();
        Assert.That((_firing.Dispatcher.Waiting, _sent), Is.EqualTo((0, 3)));
    }

    private Task Begin(Func<Task> work)
    {
        _started.Enqueue(work);
        return Task.CompletedTask;
    }

    private async Task TurnAsync()
    {
        _firing.Timing.RunOnce();
        await _firing.Claims.RunOnceAsync(CancellationToken.None);
        _firing.Dispatcher.Heartbeat();
        _firing.Dispatcher.RunOnce();
        while (_started.TryDequeue(out var work))
            await work();
        await _firing.Results.RunOnceAsync(CancellationToken.None);
    }

    private sealed class Listener(List<string> told) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => told.Add(formatter(state, exception));
    }
}
