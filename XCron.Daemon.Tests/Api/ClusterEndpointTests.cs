using XCron.Daemon.Diagnostics;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

/// <summary>Tests of both calls that show how the cluster is.</summary>
internal sealed class ClusterEndpointTests
{
    private ApiHost _host = null!;

    [SetUp]
    public void SetUp() => _host = new ApiHost();

    [Test]
    public async Task The_cluster_is_shown_with_what_is_known_of_each_member()
    {
        var answer = await _host.GetAsync("/xcron/cluster");

        Assert.That(answer.Data.GetRawText(), Is.EqualTo("""
            {"leader":"10.0.0.2:8899","term":3,"self":"0000000000000001","members":[{"host":"10.0.0.1:8899",
            "http_host":"10.0.0.1:8000","id":"0000000000000001","role":"follower","voter":true,"term":3,
            "commit_index":12,"applied_index":11,"lag":1,"shards":128,"up":true,"since":"1800000000.250",
            "version":"0.1.0","clock_offset":-1.5,"clock_offset_error":0.0003,
            "machine":{"cpu":0.25,"memory_total":8,"memory_available":4,"disk_total":100,
            "disk_free":50,"load":0.5,"process_memory":1}},{"host":"10.0.0.2:8899","http_host":null,
            "id":"0000000000000002","role":"leader","voter":true,"term":null,"commit_index":null,
            "applied_index":null,"lag":null,"shards":128,"up":false,"since":null,"version":null,
            "clock_offset":null,"clock_offset_error":null,"machine":null}]}
            """.ReplaceLineEndings("")));
    }

    [Test]
    public async Task Nobody_leading_is_null_and_an_unknown_leader_its_id()
    {
        _host.Cluster.Leader = NodeId.None;
        var nobody = await _host.GetAsync("/xcron/cluster");
        _host.Cluster.Leader = new NodeId(0xCD);
        var stranger = await _host.GetAsync("/xcron/cluster");

        Assert.That(nobody.Data.GetProperty("leader").GetString(), Is.Null);
        Assert.That(stranger.Data.GetProperty("leader").GetString(), Is.EqualTo("00000000000000cd"));
    }

    [Test]
    public async Task The_stats_are_the_state_s_counters()
    {
        _host.Tasks.Counters = new StateCounters
        {
            Scheduled = 1, Running = 2, Paused = 3, Completed = 4, Failed = 5, Created = 6, Deleted = 7, RunsOk = 8,
            RunsFailed = 9, RunsSkipped = 10, Retries = 11, Reclaims = 12,
        };
        _host.Cluster.Leader = new NodeId(1);
        _host.Time.NowMs += 61_999;

        var answer = await _host.GetAsync("/xcron/stats");

        Assert.That(answer.Data.GetRawText(), Is.EqualTo("""
            {"tasks":{"scheduled":1,"running":2,"paused":3,"completed":4,"failed":5,"expired":0,"created":6,
            "deleted":7},
            "runs":{"ok":8,"failed":9,"skipped":10,"retries":11,"reclaims":12},"rates":null,"node":"10.0.0.1:8899",
            "leader":"10.0.0.1:8899","term":3,"members":2,"uptime":61,"version":"0.1.0"}
            """.ReplaceLineEndings("")));
    }

    [Test]
    public async Task The_rates_are_told_a_second_with_the_time_they_were_counted_over()
    {
        _host.Rates = new RateFigures(60.0001)
        {
            Created = 0.5, Deleted = 0.25, RunsOk = 10.0 / 3, RunsFailed = 1, RunsSkipped = 0, Retries = 2,
        };

        var answer = await _host.GetAsync("/xcron/stats");

        Assert.That(answer.Data.GetProperty("rates").GetRawText(), Is.EqualTo(
            """{"seconds":60,"created":0.5,"deleted":0.25,"ok":3.333,"failed":1,"skipped":0,"retries":2}"""));
    }

    [Test]
    public async Task Stats_are_read_behind_a_barrier_unless_they_may_be_stale()
    {
        await _host.GetAsync("/xcron/stats");
        Assert.That(_host.Gateway.Barriers, Is.EqualTo(1));
        _host.Gateway.HasBarrier = false;

        var fresh = await _host.GetAsync("/xcron/stats");
        var stale = await _host.GetAsync("/xcron/stats?consistency=stale");

        Assert.That((fresh.Code, stale.Code), Is.EqualTo((1050, 0)));
    }

    [TestCase("/xcron/cluster?x=1", "no query parameters")]
    [TestCase("/xcron/stats?x=1", "unknown query parameter \"x\"; known are consistency")]
    public async Task A_parameter_is_refused(string path, string inMessage)
    {
        var answer = await _host.GetAsync(path);

        Assert.That(answer.Code, Is.EqualTo(1000));
        Assert.That(answer.Message, Does.Contain(inMessage));
    }
}
