namespace XCron.Daemon.Commands;

/// <summary>How a change of the cluster ended; a closed family.</summary>
internal abstract record MemberAnswer
{
    private protected MemberAnswer()
    {
    }

    /// <summary>It is so.</summary>
    public sealed record Done : MemberAnswer;

    /// <summary>Nothing was changed; asking again will not help until something else has changed.</summary>
    public sealed record Refused(string Why) : MemberAnswer;

    /// <summary>Nobody led, or nobody was ready to, within the request timeout; nothing was changed.</summary>
    public sealed record NoLeader : MemberAnswer;

    /// <summary>Begun and not known to be complete.</summary>
    public sealed record Unknown : MemberAnswer;
}
