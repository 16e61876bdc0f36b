namespace XCron.Daemon.Tests.Soak;

/// <summary>The true time: that of the process that creates, receives and judges.</summary>
internal static class SoakTime
{
    public static long NowMs => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    public static Task Delay(double seconds, CancellationToken stop) =>
        Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, stop);
}
