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

    public TaskType Type;
    public ReadOnlySpan<byte> Format;

    /// <summary>As given, then as resolved; empty for a one-shot.</summary>
    public ReadOnlySpan<byte> Timezone;

    public ReadOnlySpan<byte> Name;
    public ReadOnlySpan<byte> Url;

    /// <summary>Empty for POST, so that POST said and unsaid are the same task.</summary>
    public ReadOnlySpan<byte> Method;

    public ReadOnlySpan<byte> Body;
    public List<TextPair>? Headers;
    public long TimeoutMs = DefaultTimeoutMs;
    public int MaxAttempts = DefaultMaxAttempts;
    public long MinBackoffMs = DefaultMinBackoffMs;
    public long MaxBackoffMs = DefaultMaxBackoffMs;
    public Misfire Misfire;

    /// <summary>Sorted by key.</summary>
    public List<TextPair>? Tags;

    public long FirstDueMs;

    public readonly bool HasTask(int field) => (SeenTask & (1u << field)) != 0;

    public readonly bool HasCallback(int field) => (SeenCallback & (1u << field)) != 0;

    public readonly bool HasRetry(int field) => (SeenRetry & (1u << field)) != 0;
}

/// <summary>A header or a tag, in UTF-8.</summary>
internal readonly record struct TextPair(byte[] Name, byte[] Value);
