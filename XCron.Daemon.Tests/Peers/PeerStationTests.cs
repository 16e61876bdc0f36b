using XCron.Daemon.Commands;
using XCron.Daemon.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

[CancelAfter(10_000)]
internal sealed class PeerStationTests
{
    private static readonly OwnerSession Self = new(new NodeId(1), 1);
    private static readonly TimeSpan ShortWaits = TimeSpan.FromMilliseconds(50);

    private readonly PeerOptions _options = new() { Address = InMemoryRaft.AddressOf(1) };

    [Test]
    public async Task A_station_drains_its_shards_to_the_others_and_ends(CancellationToken cancellationToken)
    {
        var time = new ManualTime();
        var owners = new InMemoryOwners();
        var raft = new InMemoryRaft(1, 2) { Propose = (command, _) => new(owners.Apply(command)) };
        var members = new MemberDirectory(_options.OwnerTimeout, time);
        members.Heard(new NodeReport { NodeId = 2, Incarnation = 1 }, members.OpenStream());
        await using var station = StationOf(raft, owners, members, time);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = station.RunAsync(stopping.Token);
        raft.Lead(1);
        await time.TimerOf(_options.OwnerTimeout / 8).WaitAsync(cancellationToken);
        var before = owners.Counts();

        var draining = station.DrainAsync(cancellationToken);
        await time.FireUntilAsync(draining, ShortWaits);
        await stopping.CancelAsync();
        await running;

        Assert.That(before[Self], Is.EqualTo(128));
        Assert.That(await draining, Is.True);
        Assert.That(owners.Counts().Keys.Single().Node, Is.EqualTo(new NodeId(2)));
    }

    [Test]
    public async Task A_station_alone_has_nobody_to_drain_to()
    {
        var time = new ManualTime();
        var members = new MemberDirectory(_options.OwnerTimeout, time);
        await using var station = StationOf(new InMemoryRaft(1), new InMemoryOwners(), members, time);

        Assert.That(await station.DrainAsync(CancellationToken.None), Is.True);
    }

    private PeerStation StationOf(InMemoryRaft raft, InMemoryOwners owners, MemberDirectory members, ManualTime time)
    {
        var self = new SelfStatus
        {
            Session = Self,
            Version = "1",
            Address = _options.Address,
            HttpAddress = "",
            AppliedIndex = static () => 0,
            Machine = static () => new MachineFigures(),
            IdleEpoch = () => owners.Ownership.Epoch,
        };
        return new(raft, owners, self, members, new InMemoryDialer(), _options, time, new Random(1), Traces.None);
    }
}
