namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Judges whether a history of registers is linearizable: whether every operation can be given a moment between its
/// beginning and its end, so that all of them, in the order of those moments, are what a single register would have
/// done. Each key is judged by itself (Herlihy and Wing 1990: linearizability is local).
/// </summary>
internal static class LinearizabilityChecker
{
    /// <returns>Null where it is linearizable, else what is not, in words.</returns>
    /// <param name="history">In the order in which things happened.</param>
    /// <param name="undecided">How many keys took more steps than are allowed; nothing is said of those.</param>
    public static string? Check(IEnumerable<HistoryEvent> history, out int undecided)
    {
        undecided = 0;
        foreach (var events in history.GroupBy(line => line.Key))
        {
            var search = new LinearizationSearch([.. events]);
            switch (search.Run())
            {
                case true:
                    break;
                case false:
                    return $"register {events.Key} is not linearizable: {search.Trouble}";
                default:
                    undecided++;
                    break;
            }
        }

        return null;
    }
}
