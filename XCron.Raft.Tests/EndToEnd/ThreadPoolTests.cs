using System.Collections.Concurrent;
using System.Diagnostics;
using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.EndToEnd;

/// <summary>Three nodes with their real threads and disks, in a process whose thread pool is full.</summary>
[Category("EndToEnd")]
internal sealed class ThreadPoolTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ElectionTimeout = TimeSpan.FromMilliseconds(1000);

    private const int MoreThanThreads = 1000; // one more starts every half second where all block

    private readonly List<RaftDirectory> _directories = [];
    private readonly List<CountingMachine> _machines = [];
    private readonly List<RaftNode> _nodes = [];
    private DirectoryInfo _path = null!;

    [SetUp]
    public async Task SetUp()
    {
        _path = Directory.CreateTempSubdirectory("xcron-pool-");
        var hosts = new ConcurrentDictionary<NodeId, IRaftTransportHost>();
        for (var i = 0; i < 3; i++)
            _directories.Add(RaftDirectory.Open(_path.CreateSubdirectory($"{i}").FullName));
        var initial = new Membership(
            Guid.NewGuid(), _directories.Select((directory, i) => new Member(directory.NodeId, $"127.0.0.1:{i + 1}")));
        foreach (var (i, directory) in _directories.Index())
        {
            directory.Form(initial);
            _machines.Add(new CountingMachine());
            var options = new RaftOptions { Seed = i, ElectionTimeout = ElectionTimeout };
            _nodes.Add(await RaftNode.StartAsync(directory, options, _machines[i], new DirectTransport(hosts)));
        }
    }

    [TearDown]
    public async Task TearDown()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        foreach (var directory in _directories)
            directory.Dispose();
        _path.Delete(recursive: true);
    }

    // S67: "thread-pool saturated with blocking work -> no election". Log, heartbeats and applying have threads of
    // their own; only what a caller awaits goes on in the pool.
    [Test]
    public void Blocking_work_in_the_thread_pool_brings_no_election_and_commands_are_applied()
    {
        Assert.That(SpinWait.SpinUntil(() => Leader() is not null, Limit));
        var leader = Leader()!;
        var term = leader.Status.Term;

        // Not disposed: work that begins after the end of the test still finds it open.
        var gate = new ManualResetEventSlim();
        for (var i = 0; i < MoreThanThreads; i++)
            ThreadPool.UnsafeQueueUserWorkItem(_ => gate.Wait(), null);

        var start = Stopwatch.GetTimestamp();
        var proposed = 0;
        while (Stopwatch.GetElapsedTime(start) < 2 * ElectionTimeout)
        {
            proposed++;
            _ = leader.ProposeAsync(new byte[8]).AsTask();
            Assert.That(SpinWait.SpinUntil(() => _machines.TrueForAll(machine => machine.Count == proposed), Limit));
        }

        Assert.That(ThreadPool.PendingWorkItemCount, Is.GreaterThan(0), "the pool was full all the time");
        gate.Set();
        Assert.That(_nodes.Select(node => node.Status.Term), Is.All.EqualTo(term), "nobody campaigned");
        Assert.That(leader.Status.Role, Is.EqualTo(RaftRole.Leader));
    }

    private RaftNode? Leader() => _nodes.Find(static node => node.Status.Role == RaftRole.Leader);
}
