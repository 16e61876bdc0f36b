using XCron.Raft.Grpc;
using XCron.Raft.Storage;

namespace XCron.Raft.Tests.Runtime;

/// <summary>A formed directory whose log was taken away must not begin again under its old id.</summary>
internal sealed class LostLogTests
{
    private DirectoryInfo _path = null!;

    [SetUp]
    public void SetUp() => _path = Directory.CreateTempSubdirectory("xcron-lost-");

    [TearDown]
    public void TearDown() => _path.Delete(recursive: true);

    [Test]
    public async Task A_log_deleted_by_hand_is_damage_and_no_new_beginning([Values] bool withSnapshot)
    {
        await RunOnceAsync(withSnapshot);
        Delete("log-*");

        Assert.That(
            () => RunOnceAsync(),
            Throws.InstanceOf<LogDamagedException>().With.Message.Contains("the log is missing"));
    }

    [Test]
    public async Task A_log_and_its_snapshots_deleted_by_hand_are_damage_too()
    {
        await RunOnceAsync(withSnapshot: true);
        Delete("log-*");
        Delete("snapshot-*");
        Delete("watermark");

        Assert.That(() => RunOnceAsync(), Throws.InstanceOf<LogDamagedException>());
    }

    [Test]
    public async Task A_directory_that_was_formed_and_never_started_begins_its_log()
    {
        using (var directory = RaftDirectory.Open(_path.FullName))
            directory.Form(new Membership(Guid.NewGuid(), [new Member(directory.NodeId, "127.0.0.1:1")]));

        await RunOnceAsync();

        Assert.That(Directory.GetFiles(_path.FullName, "log-*"), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task A_log_that_was_begun_and_not_marked_is_gone_on_with()
    {
        await RunOnceAsync();
        NodeId id;
        using (var directory = RaftDirectory.Open(_path.FullName))
        {
            // As if the process had died before the mark, or an older version had written the file.
            id = directory.NodeId;
            IdentityFile.Save(
                directory.Disk,
                new()
                {
                    Node = id,
                    ClusterId = directory.InitialMembership!.ClusterId,
                    InitialMembership = directory.InitialMembership.Encode(),
                });
        }

        await RunOnceAsync();
        Delete("log-*");

        Assert.That(() => RunOnceAsync(), Throws.InstanceOf<LogDamagedException>(), "it is marked by now");
    }

    private async Task RunOnceAsync(bool withSnapshot = false)
    {
        using var directory = RaftDirectory.Open(_path.FullName);
        if (directory.InitialMembership is null)
            directory.Form(new Membership(Guid.NewGuid(), [new Member(directory.NodeId, "127.0.0.1:1")]));
        await using var node = await RaftNode.StartAsync(
            directory, new RaftOptions { Seed = 1 }, new NothingMachine(), new GrpcRaftTransport(new()));
        await foreach (var change in node.WatchLeadershipAsync())
        {
            if (change.Role == RaftRole.Leader)
                break;
        }

        Assert.That(await node.ProposeAsync(new byte[100]), Is.InstanceOf<ProposeOutcome.Applied>());
        if (withSnapshot)
            await node.SnapshotAsync();
    }

    private void Delete(string pattern)
    {
        foreach (var file in _path.GetFiles(pattern))
            file.Delete();
    }

    private sealed class NothingMachine : IStateMachine
    {
        public void Apply(ReadOnlySpan<LogEntry> batch, Span<ApplyResult> results)
        {
        }

        public ISnapshotView Capture() => new View();

        public ValueTask RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        private sealed class View : ISnapshotView
        {
            public ValueTask WriteAsync(Stream destination, CancellationToken cancellationToken) =>
                ValueTask.CompletedTask;

            public void Dispose()
            {
            }
        }
    }
}
