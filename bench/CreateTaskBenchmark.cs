using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;

namespace bench;

/// <summary>
/// The profile <c>ab -c 200 -n 10000</c> against createTask: an invocation is 10,000 creates, each on disk before its
/// answer. All servers are processes of their own and share the machine with the load.
/// </summary>
[Config(typeof(ProfileConfig))]
public class CreateTaskBenchmark
{
    public const int Requests = 10_000;

    private ServerProcess[] _servers = [];
    private AbLoad _load = null!;

    /// <summary>What answers: the ceiling, the daemon (JIT), the binary that build.sh left, or three daemons.</summary>
    [ParamsSource(nameof(Targets))]
    public string Target { get; set; } = "bare endpoint";

    [Params(false, true)]
    public bool KeepAlive { get; set; }

    public static IEnumerable<string> Targets =>
        ServerProcess.BuiltBinary() is null
            ? ["bare endpoint", "one node", "three nodes"]
            : ["bare endpoint", "one node", "one node, built", "three nodes", "three nodes, built"];

    [GlobalSetup]
    public void StartServers()
    {
        var binary = Target.EndsWith("built", StringComparison.Ordinal) ? ServerProcess.BuiltBinary() : null;
        _servers = Target switch
        {
            "bare endpoint" => [ServerProcess.Bare()],
            _ when Target.StartsWith("three", StringComparison.Ordinal) => ServerProcess.Daemons(3, binary),
            _ => ServerProcess.Daemons(1, binary),
        };
        _load = new AbLoad(Array.ConvertAll(_servers, server => server.Port), KeepAlive);
    }

    [GlobalCleanup]
    public void StopServers()
    {
        foreach (var server in _servers)
            server.Dispose();
    }

    [Benchmark]
    public Task Create() => _load.RunAsync(Requests);

    private sealed class ProfileConfig : ManualConfig
    {
        public ProfileConfig()
        {
            // Warm: a JIT process is still getting faster after its first 50,000 requests.
            AddJob(Job.Default
                .WithToolchain(new InProcessNoEmitToolchain(TimeSpan.FromMinutes(10), logOutput: false))
                .WithStrategy(RunStrategy.Monitoring)
                .WithWarmupCount(6)
                .WithIterationCount(10)
                .WithInvocationCount(1)
                .WithUnrollFactor(1));
            AddColumn(new RequestsPerSecondColumn(), StatisticColumn.Median);
        }
    }
}
