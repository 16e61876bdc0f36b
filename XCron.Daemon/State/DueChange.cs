namespace XCron.Daemon.State;

/// <summary>A due time that takes the place of the record's.</summary>
internal static class DueChange
{
    /// <param name="nextDueMs">The new one; 0 for none.</param>
    /// <param name="nextDelayMs">By how much jitter moves its run.</param>
    /// <param name="afterMs">What it must be later than.</param>
    public static bool IsValid(long nextDueMs, long nextDelayMs, long afterMs) =>
        (nextDueMs == 0 || nextDueMs > afterMs) && nextDelayMs is >= 0 and <= int.MaxValue;
}
