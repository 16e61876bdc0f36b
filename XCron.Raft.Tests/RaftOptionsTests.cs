namespace XCron.Raft.Tests;

internal sealed class RaftOptionsTests
{
    [Test]
    public void Heartbeats_must_come_sooner_than_an_election()
    {
        var options = new RaftOptions
        {
            HeartbeatInterval = TimeSpan.FromMilliseconds(500), ElectionTimeout = TimeSpan.FromMilliseconds(500),
        };

        Assert.That(
            options.ThrowIfContradictory,
            Throws.ArgumentException.With.Message.EqualTo(
                "HeartbeatInterval is 500 ms; must be below ElectionTimeout (500 ms)."));
    }

    [Test]
    public void The_defaults_agree() => Assert.That(new RaftOptions().ThrowIfContradictory, Throws.Nothing);

    [Test]
    public void What_is_out_of_range_is_refused_when_it_is_set()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => new RaftOptions { ElectionTimeout = TimeSpan.FromMicroseconds(999) },
                Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(
                () => new RaftOptions { RequestTimeout = TimeSpan.Zero },
                Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(
                () => new RaftOptions { MaxEntryBytes = (8 << 20) + 1 },
                Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(
                () => new RaftOptions { MaxWaitingProposals = 0 }, Throws.InstanceOf<ArgumentOutOfRangeException>());
        }
    }
}
