using Microsoft.Extensions.Logging;
using XCron.Daemon.Peers;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

internal sealed class ClockWatchTests
{
    private readonly List<string> _said = [];
    private ClockWatch _watch = null!;

    [SetUp]
    public void SetUp()
    {
        _said.Clear();
        _watch = new ClockWatch(new Member(new NodeId(2), "b:1"), new PeersTrace(new Listener(_said)));
    }

    [Test]
    public void A_clock_that_is_an_hour_off_is_told_of_once_and_again_when_it_is_right()
    {
        _watch.Measured(TimeSpan.FromHours(-1), TimeSpan.FromMilliseconds(1));
        _watch.Measured(TimeSpan.FromHours(-1), TimeSpan.FromMilliseconds(1));
        _watch.Measured(TimeSpan.FromMilliseconds(3), TimeSpan.FromMilliseconds(1));

        Assert.That(_said, Has.Count.EqualTo(2));
        Assert.That(_said[0], Does.StartWith("The clock of 0000000000000002 at b:1 is -3600.000 s from this node's"));
        Assert.That(_said[1], Does.Contain("agrees with this node's again (+0.003 s)"));
    }

    [Test]
    public void What_a_slow_answer_explains_is_not_held_against_a_clock()
    {
        _watch.Measured(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        Assert.That(_said, Is.Empty);
    }

    [Test]
    public void A_clock_about_at_the_limit_is_not_told_of_again_and_again()
    {
        for (var i = 0; i < 10; i++)
            _watch.Measured(ClockWatch.Limit + TimeSpan.FromMilliseconds(i % 2 == 0 ? 9 : -9), TimeSpan.Zero);

        Assert.That(_said, Has.Count.EqualTo(1));
    }

    private sealed class Listener(List<string> said) : ILogger<PeersTrace>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => said.Add(formatter(state, exception));
    }
}
