using XCron.Raft.Grpc;

namespace XCron.Raft.Tests.Runtime;

/// <summary>S68: "disposal at any time: no hang, every pending task completes; leadership stream ends".</summary>
internal sealed class DisposalTests
{
    private const int Proposals = 200;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private DirectoryInfo _path = null!;

    [SetUp]
    public void SetUp() => _path = Directory.CreateTempSubdirectory("xcron-disposal-");

    [TearDown]
    public void TearDown() => _path.Delete(recursive: true);

    /// <summary>Disposed at once, and after so many of its proposals have ended.</summary>
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(50)]
    [TestCase(Proposals)]
    public async Task Whenever_a_node_is_disposed_every_task_that_it_gave_ends(int ended)
    {
        using var directory = RaftDirectory.Open(_path.FullName);
        directory.Form(new Membership(Guid.NewGuid(), [new Member(directory.NodeId, "127.0.0.1:1")]));
        var transport = new GrpcRaftTransport(new GrpcTransportOptions());
        var node = await RaftNode.StartAsync(directory, new RaftOptions { Seed = 1 }, new SlowMachine(), transport);
        if (ended > 0)
            await LeadsAsync(node).WaitAsync(Limit);
        Task<ProposeOutcome>[] proposals =
            [.. Enumerable.Range(0, Proposals).Select(_ => node.ProposeAsync(new byte[8]).AsTask())];
        Task[] others =
        [
            .. Enumerable.Range(0, 20).Select(_ => node.ReadBarrierAsync().AsTask()),
            node.SnapshotAsync(),
            node.AddLearnerAsync(new Member(new NodeId(77), "127.0.0.1:9")),
            node.TransferLeadershipAsync(),
            ToTheEndAsync(node.WatchLeadershipAsync()),
            ToTheEndAsync(node.WatchMembershipAsync()),
            node.Completion,
        ];
        for (var i = 0; i < ended; i++)
            await proposals[i].WaitAsync(Limit);

        await Task.WhenAll(node.DisposeAsync().AsTask(), node.DisposeAsync().AsTask()).WaitAsync(Limit);

        var outcomes = await Task.WhenAll(proposals).WaitAsync(Limit);
        Assert.That(outcomes, Has.None.Null);
        foreach (var other in others)
            await other.WaitAsync(Limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.That(others.Select(static task => task.IsCompleted), Is.All.True, "with a result or a failure");
        Assert.That(await node.ProposeAsync(new byte[8]), Is.TypeOf<ProposeOutcome.Rejected>());
    }

    private static async Task LeadsAsync(RaftNode node)
    {
        await foreach (var change in node.WatchLeadershipAsync())
        {
            if (change.Role == RaftRole.Leader)
                return;
        }
    }

    private static async Task ToTheEndAsync<T>(IAsyncEnumerable<T> changes)
    {
        await foreach (var _ in changes)
        {
            // Until the node ends it.
        }
    }

    /// <summary>A snapshot of it is still being written when the node is disposed.</summary>
    private sealed class SlowMachine : IStateMachine, ISnapshotView
    {
        public void Apply(ReadOnlySpan<LogEntry> batch, Span<ApplyResult> results)
        {
        }

        public ISnapshotView Capture() => this;

        public ValueTask RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public async ValueTask WriteAsync(Stream destination, CancellationToken cancellationToken) =>
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

        public void Dispose()
        {
        }
    }
}
