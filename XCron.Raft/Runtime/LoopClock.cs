namespace XCron.Raft.Runtime;

/// <summary>Monotonic milliseconds since the node started; the core's only notion of time. Thread-safe.</summary>
internal sealed class LoopClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    public long NowMs => (long)time.GetElapsedTime(_start).TotalMilliseconds;
}
