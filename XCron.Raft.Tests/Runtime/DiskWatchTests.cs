using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.Runtime;

/// <summary>When a disk is taken for one that stands.</summary>
internal sealed class DiskWatchTests
{
    private readonly DiskWatch _watch = new(patienceMs: 1000);

    [SetUp]
    public void SetUp() => Assert.That(_watch.HealthAt(long.MaxValue - 1), Is.EqualTo(DiskHealth.Well));

    [TearDown]
    public void TearDown()
    {
        _watch.SpaceIs(DiskHealth.Well, 0);
        _watch.Answered(long.MaxValue, 0);
    }

    [Test]
    public void Nothing_durable_for_as_long_as_the_patience_while_something_waits()
    {
        _watch.Asked(1, nowMs: 100);
        _watch.Asked(2, nowMs: 900);

        Assert.That(_watch.DeadlineMs, Is.EqualTo(1100));
        Assert.That(_watch.HealthAt(1099), Is.EqualTo(DiskHealth.Well));
        Assert.That(_watch.HealthAt(1100), Is.EqualTo(DiskHealth.Stalled));
    }

    [Test]
    public void A_slow_disk_that_goes_on_does_not_stand()
    {
        for (var i = 1; i <= 10; i++)
        {
            _watch.Asked(2 * i, nowMs: i * 900);
            _watch.Asked((2 * i) + 1, nowMs: (i * 900) + 1);
            Assert.That(_watch.HealthAt(i * 900), Is.EqualTo(DiskHealth.Well));
            _watch.Answered(2 * i, nowMs: (i * 900) + 800);
        }
    }

    [Test]
    public void What_is_all_on_disk_waits_for_nothing()
    {
        _watch.Asked(1, nowMs: 0);
        _watch.Asked(2, nowMs: 0);
        _watch.Answered(2, nowMs: 10);

        Assert.That(_watch.DeadlineMs, Is.EqualTo(long.MaxValue));
    }

    [Test]
    public void A_full_disk_answers_and_what_waited_for_space_has_a_new_patience_then()
    {
        _watch.Asked(1, nowMs: 0);
        _watch.SpaceIs(DiskHealth.Full, nowMs: 10);
        Assert.That(_watch.HealthAt(5000), Is.EqualTo(DiskHealth.Full));

        _watch.SpaceIs(DiskHealth.Well, nowMs: 5000);

        Assert.That(_watch.HealthAt(5999), Is.EqualTo(DiskHealth.Well));
        Assert.That(_watch.HealthAt(6000), Is.EqualTo(DiskHealth.Stalled));
    }
}
