using XCron.Daemon.Diagnostics;
using XCron.Daemon.State;
using XCron.Daemon.Tests.Firing;

namespace XCron.Daemon.Tests.Diagnostics;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RateSamplerTests : IAsyncDisposable
{
    private readonly ManualClock _clock = new(1_800_000_000_000);
    private readonly RateSampler _sampler;
    private StateCounters _counters = new() { Created = 1000 };
    private bool _isUpToDate = true;

    public RateSamplerTests() => _sampler = new RateSampler(() => _counters, () => _isUpToDate, _clock);

    public ValueTask DisposeAsync() => _sampler.DisposeAsync();

    [Test]
    public void What_happened_is_told_a_second()
    {
        _sampler.Start();
        Assert.That(_sampler.Read(), Is.Null, "over no time at all");

        _counters = new StateCounters
        {
            Created = 1020, Deleted = 10, RunsOk = 30, RunsFailed = 5, RunsSkipped = 2, Retries = 4,
        };
        _clock.Advance(2000);

        Assert.That(_sampler.Read(), Is.EqualTo(new RateFigures(2)
        {
            Created = 10, Deleted = 5, RunsOk = 15, RunsFailed = 2.5, RunsSkipped = 1, Retries = 2,
        }));
    }

    [Test]
    public async Task What_is_over_a_minute_old_is_forgotten()
    {
        _sampler.Start();
        _counters = new StateCounters { Created = 2000 };
        await PassAsync(13);

        var rates = _sampler.Read();

        Assert.That(rates!.Seconds, Is.InRange(60, 65));
        Assert.That(rates.Created, Is.Zero);
    }

    [Test]
    public async Task What_a_node_catches_up_with_is_no_rate()
    {
        _isUpToDate = false;
        _sampler.Start();
        _counters = new StateCounters { Created = 1_000_000 };
        await PassAsync(1);
        Assert.That(_sampler.Read(), Is.Null);

        _isUpToDate = true;
        await PassAsync(1);
        _clock.Advance(1000);

        Assert.That(_sampler.Read(), Is.EqualTo(new RateFigures(1)));
    }

    /// <summary>So many readings are taken.</summary>
    private async Task PassAsync(int readings)
    {
        for (var reading = 0; reading < readings; reading++)
        {
            await _clock.TimerWithinAsync((long)RateSampler.Interval.TotalMilliseconds);
            _clock.Advance((long)RateSampler.Interval.TotalMilliseconds);
        }

        // The next timer is set once the last reading is taken.
        await _clock.TimerWithinAsync((long)RateSampler.Interval.TotalMilliseconds);
    }
}
