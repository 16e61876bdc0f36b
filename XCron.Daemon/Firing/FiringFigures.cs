namespace XCron.Daemon.Firing;

/// <summary>How firing stands, each figure as of about now.</summary>
/// <param name="Armed">Tasks of this node's shards that wait for a time.</param>
/// <param name="Overdue">Tasks that are due and whose claim is not yet granted.</param>
/// <param name="OldestOverdueMs">How long the oldest of them has been due.</param>
/// <param name="AttemptsWaiting">Claimed attempts that wait for a place.</param>
/// <param name="AttemptsInFlight">Attempts on their way.</param>
/// <param name="ResultsWaiting">Results not yet recorded.</param>
/// <param name="LastTurnTimestamp">The timing loop's last turn, by the TimeProvider; it turns once a second.</param>
internal readonly record struct FiringFigures(
    int Armed,
    int Overdue,
    long OldestOverdueMs,
    int AttemptsWaiting,
    int AttemptsInFlight,
    int ResultsWaiting,
    long LastTurnTimestamp);
