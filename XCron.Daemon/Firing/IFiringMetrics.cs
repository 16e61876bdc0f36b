namespace XCron.Daemon.Firing;

/// <summary>What firing counts and measures. Called from many threads; must return at once.</summary>
internal interface IFiringMetrics
{
    /// <summary>How far behind its due time a run's first attempt was sent.</summary>
    void Lateness(double seconds);

    /// <summary>How long an attempt took, connecting and answer included.</summary>
    void AttemptFinished(bool ok, double seconds);

    /// <summary>A command with this many claims ended; not applied means rejected or of unknown outcome.</summary>
    void ClaimsProposed(int claims, bool applied);

    /// <summary>A command with this many results ended.</summary>
    void ResultsProposed(int results, bool applied);
}
