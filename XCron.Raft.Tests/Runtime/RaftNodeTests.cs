using System.Text;
using XCron.Raft.Grpc;

namespace XCron.Raft.Tests.Runtime;

/// <summary>A whole node on a real directory, with its own threads.</summary>
internal sealed class RaftNodeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private DirectoryInfo _path = null!;

    [SetUp]
    public void SetUp() => _path = Directory.CreateTempSubdirectory("xcron-node-");

    [TearDown]
    public void TearDown() => _path.Delete(recursive: true);

    [Test]
    public async Task A_restarted_node_has_everything_that_was_acknowledged_also_behind_a_snapshot()
    {
        var first = new ListMachine();
        using (var directory = Open())
        {
            await using var node = await StartAsync(directory, first);
            for (var i = 0; i < 50; i++)
                await ApplyAsync(node, $"a{i}");
            var index = await node.SnapshotAsync().WaitAsync(Limit);
            Assert.That(index, Is.EqualTo(node.Status.Applied).Or.GreaterThan(new LogIndex(50)));
            for (var i = 0; i < 50; i++)
                await ApplyAsync(node, $"b{i}");
        }

        var second = new ListMachine();
        using (var directory = Open())
        {
            await using var node = await StartAsync(directory, second);
            Assert.That(await node.ReadBarrierAsync(), Is.True);
        }

        Assert.That(second.Lines, Is.EqualTo(first.Lines).And.Count.EqualTo(100));
    }

    [Test]
    public async Task A_damaged_newest_snapshot_costs_nothing_while_the_log_goes_on_from_the_one_before_it()
    {
        var first = new ListMachine();
        using (var directory = Open())
        {
            await using var node = await StartAsync(directory, first);
            for (var i = 0; i < 90; i++)
            {
                await ApplyAsync(node, $"a{i}");
                if (i % 40 == 39)
                    await node.SnapshotAsync().WaitAsync(Limit);
            }
        }

        var snapshots = _path.GetFiles("snapshot-*").OrderBy(file => file.Name, StringComparer.Ordinal).ToArray();
        Assert.That(snapshots, Has.Length.EqualTo(2));
        Flip(snapshots[1]);
        var second = new ListMachine();
        using (var directory = Open())
        {
            await using var node = await StartAsync(directory, second);
            Assert.That(await node.ReadBarrierAsync(), Is.True);
        }

        Assert.That(second.Lines, Is.EqualTo(first.Lines).And.Count.EqualTo(90));

        Flip(snapshots[0]);
        using (var directory = Open())
        {
            Assert.That(
                () => StartAsync(directory, new ListMachine()),
                Throws.InstanceOf<LogDamagedException>().With.Property("File").EqualTo(snapshots[0].Name));
        }
    }

    [Test]
    public async Task Stopping_ends_every_wait_and_later_proposals_are_refused()
    {
        using var directory = Open();
        var node = await StartAsync(directory, new ListMachine());
        var changes = node.WatchLeadershipAsync().GetAsyncEnumerator();
        var underWay = Enumerable.Range(0, 1000).Select(i => Propose(node, $"{i}")).ToArray();

        await node.DisposeAsync().AsTask().WaitAsync(Limit);

        var outcomes = await Task.WhenAll(underWay).WaitAsync(Limit);
        Assert.That(outcomes, Has.None.Null);
        while (await changes.MoveNextAsync().AsTask().WaitAsync(Limit))
        {
            // Ends by itself: the node has stopped.
        }

        var late = await Propose(node, "late");
        Assert.That(late, Is.InstanceOf<ProposeOutcome.Rejected>());
        Assert.That(await node.ReadBarrierAsync(), Is.False);
        await node.Completion.WaitAsync(Limit);
    }

    [Test]
    public async Task A_state_machine_that_throws_stops_the_node_and_says_so()
    {
        using var directory = Open();
        var node = await StartAsync(directory, new ListMachine { Poison = "poison" });

        _ = Propose(node, "poison");

        Assert.That(async () => await node.Completion.WaitAsync(Limit), Throws.InstanceOf<InvalidOperationException>());
    }

    [Test]
    public void A_directory_has_one_process_at_a_time()
    {
        using var directory = Open();

        Assert.That(() => RaftDirectory.Open(_path.FullName), Throws.InstanceOf<DirectoryLockedException>());
    }

    [Test]
    public async Task A_proposal_that_is_too_large_is_refused_by_type()
    {
        using var directory = Open();
        await using var node = await StartAsync(directory, new ListMachine());

        var outcome = await node.ProposeAsync(new byte[(4 << 20) + 1]);

        Assert.That(outcome, Is.EqualTo(new ProposeOutcome.Rejected(RejectReason.TooLarge, node.Id)));
    }

    private static void Flip(FileInfo file)
    {
        var bytes = File.ReadAllBytes(file.FullName);
        bytes[bytes.Length / 2] ^= 4;
        File.WriteAllBytes(file.FullName, bytes);
    }

    private RaftDirectory Open()
    {
        var directory = RaftDirectory.Open(_path.FullName);
        if (directory.InitialMembership is null)
            directory.Form(new Membership(Guid.NewGuid(), [new Member(directory.NodeId, "127.0.0.1:1")]));
        return directory;
    }

    private static async Task<RaftNode> StartAsync(RaftDirectory directory, ListMachine machine)
    {
        var transport = new GrpcRaftTransport(new GrpcTransportOptions());
        var node = await RaftNode.StartAsync(directory, new RaftOptions { Seed = 1 }, machine, transport);
        await foreach (var change in node.WatchLeadershipAsync())
        {
            if (change.Role == RaftRole.Leader)
                break;
        }

        return node;
    }

    private static async Task ApplyAsync(RaftNode node, string line) =>
        Assert.That(await Propose(node, line), Is.InstanceOf<ProposeOutcome.Applied>());

    private static Task<ProposeOutcome> Propose(RaftNode node, string line) =>
        node.ProposeAsync(Encoding.UTF8.GetBytes(line)).AsTask();

    /// <summary>Every command, as a line.</summary>
    private sealed class ListMachine : IStateMachine
    {
        public List<string> Lines { get; private set; } = [];

        public string? Poison { get; init; }

        public void Apply(ReadOnlySpan<LogEntry> batch, Span<ApplyResult> results)
        {
            foreach (var entry in batch)
            {
                var line = Encoding.UTF8.GetString(entry.Payload.Span);
                if (line == Poison)
                    throw new InvalidOperationException("poisoned");
                Lines.Add(line);
            }
        }

        public ISnapshotView Capture() => new View([.. Lines]);

        public async ValueTask RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
        {
            Lines = [];
            using var reader = new StreamReader(snapshot);
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
                Lines.Add(line);
        }

        private sealed class View(string[] lines) : ISnapshotView
        {
            public async ValueTask WriteAsync(Stream destination, CancellationToken cancellationToken)
            {
                foreach (var line in lines)
                    await destination.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancellationToken);
            }

            public void Dispose()
            {
            }
        }
    }
}
