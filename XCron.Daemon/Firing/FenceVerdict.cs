namespace XCron.Daemon.Firing;

/// <summary>Whether an attempt may be sent.</summary>
internal enum FenceVerdict
{
    /// <summary>It is open, it is this session's, and so is its shard.</summary>
    Clear,

    /// <summary>It is over, or another session's: never to be sent from here.</summary>
    Gone,

    /// <summary>
    /// This session owns nothing any more, so its runs are claimed by others. If it owns again before one of them has
    /// claimed this, it is to be sent.
    /// </summary>
    NotOwned,

    /// <summary>That could not be found out now.</summary>
    Unsure,
}
