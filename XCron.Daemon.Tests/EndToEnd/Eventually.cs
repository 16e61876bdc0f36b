using System.Diagnostics;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>Waits for what real processes come to.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns when it holds; the test fails where it does not within a minute.</summary>
    public static async Task HoldsAsync(Func<Task<bool>> holds, Func<string> otherwise)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(Limit), otherwise());
            await Task.Delay(LookAgain, TimeProvider.System);
        }
    }
}
