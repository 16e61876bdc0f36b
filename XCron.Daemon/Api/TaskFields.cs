using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>What a client says of a new task, with defaults filled in; text points into the request.</summary>
internal ref struct TaskFields
{
    public const int DefaultMaxAttempts = 5;
    public const long DefaultTimeoutMs = 30_000;
    public const long DefaultMinBackoffMs = 1_000;
    public const long DefaultMaxBackoffMs = 300_000;

    public TaskFields()
    {
    }

    /// <summary>One bit for each field of the task, the callback and the retry object that was given.</summary>
    public uint SeenTask;

    public uint SeenCallback;
    public uint SeenRetry;

    /// <summary>An existing task is changed: what is given as null is set back to its default.</summary>
    public bool IsUpdate;

    /// <summary>One bit for each field of the task that was given as null.</summary>
    public uint ResetTask;

    public bool IsBodyReset;

    public TaskType Type;
    public ReadOnlySpan<byte> Format;

    /// <summary>As given, then as resolved; empty for a one-shot.</summary>
    public ReadOnlySpan<byte> Timezone;

    public ReadOnlySpan<byte> Name;
    public ReadOnlySpan<byte> Url;

    /// <summary>Empty for POST, so that POST said and unsaid are the same task.</summary>
    public ReadOnlySpan<byte> Method;

    public ReadOnlySpan<byte> Body;

    /// <summary>Sorted by name, whatever its case.</summary>
    public List<TextPair>? Headers;

    public long TimeoutMs = DefaultTimeoutMs;
    public int MaxAttempts = DefaultMaxAttempts;
    public long MinBackoffMs = DefaultMinBackoffMs;
    public long MaxBackoffMs = DefaultMaxBackoffMs;
    public Misfire Misfire;

    /// <summary>Sorted by key.</summary>
    public List<TextPair>? Tags;

    /// <summary>0 for none, as for the next three.</summary>
    public long DeadlineMs;

    public long JitterMs;
    public long StartAtMs;
    public long EndAtMs;

    /// <summary>0 for no limit.</summary>
    public int MaxRuns;

    public Overlap Overlap;
    public bool IsPaused;

    /// <summary>Of an update: which task it is for; null where it goes by the name.</summary>
    public string? TaskId;

    /// <summary>Of an import: the due time that is not yet served; 0 for the first one there is.</summary>
    public long DueMs;

    public long FirstDueMs;

    /// <summary>The most by which jitter may move the first run.</summary>
    public long MostDelayMs;

    public readonly bool HasTask(int field) => (SeenTask & ~ResetTask & (1u << field)) != 0;

    public readonly bool HasCallback(int field) =>
        (SeenCallback & (1u << field)) != 0 && !(field == CreateFields.Body && IsBodyReset);

    public readonly bool HasRetry(int field) => (SeenRetry & (1u << field)) != 0;
}

/// <summary>A header or a tag, in UTF-8.</summary>
internal readonly record struct TextPair(byte[] Name, byte[] Value);
