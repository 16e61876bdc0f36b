namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>Three real daemons on loopback and a target, for each test anew.</summary>
internal abstract class ThreeDaemons
{
    protected CallbackReceiver Receiver { get; private set; } = null!;

    protected DaemonGroup Daemons { get; private set; } = null!;

    /// <summary>What each has on its command line besides.</summary>
    protected virtual string[] Options => [];

    protected static long NowMs => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    [SetUp]
    public async Task SetUp()
    {
        Receiver = await CallbackReceiver.StartAsync();
        Daemons = new DaemonGroup();
        await Daemons.StartThreeAsync(_ => Options);
    }

    [TearDown]
    public async Task TearDown()
    {
        await Daemons.DisposeAsync();
        await Receiver.DisposeAsync();
    }
}
