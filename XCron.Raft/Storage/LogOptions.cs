namespace XCron.Raft.Storage;

/// <summary>How the log lies on disk.</summary>
internal sealed class LogOptions
{
    private const long SmallestSegmentBytes = 4096;
    private const long LargestSegmentBytes = 1L << 30;

    /// <summary>
    /// Size of a segment file, 4 KiB to 1 GiB, a multiple of 4 KiB; default 16 MiB: large enough that a new one is rare,
    /// small enough that the one spare kept ready and the space freed behind a snapshot come in useful steps.
    /// A log written with another size stays readable; only new segments follow this.
    /// </summary>
    public long SegmentBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, SmallestSegmentBytes);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, LargestSegmentBytes);
            ArgumentOutOfRangeException.ThrowIfNotEqual(value % SmallestSegmentBytes, 0);
            field = value;
        }
    } = 16 << 20;

    /// <summary>How much of the next segment one call of PrepareSpare writes, in bytes; default 1 MiB.</summary>
    public int SpareStepBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 512);
            field = value;
        }
    } = 1 << 20;
}
