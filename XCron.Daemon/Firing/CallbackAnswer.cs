namespace XCron.Daemon.Firing;

/// <summary>What came of one attempt.</summary>
internal sealed record CallbackAnswer
{
    public required bool IsOk { get; init; }

    /// <summary>0 where no answer came.</summary>
    public int HttpStatus { get; init; }

    /// <summary>Why it failed; empty where it did not.</summary>
    public string Error { get; init; } = "";

    /// <summary>The least wait before the next attempt that the target asked for; 0 for none.</summary>
    public long RetryAfterMs { get; init; }

    /// <summary>The target wants no further attempt of this run.</summary>
    public bool IsFinal { get; init; }

    /// <summary>The target is gone (410): a periodic task is paused.</summary>
    public bool IsGone { get; init; }

    /// <summary>This node was stopping and cut the attempt off: nothing is known and nothing recorded.</summary>
    public bool IsCutOff { get; init; }
}
