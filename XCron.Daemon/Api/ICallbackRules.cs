namespace XCron.Daemon.Api;

/// <summary>The cluster's <c>[callback]</c> rules, as far as a URL alone can be judged. Thread-safe.</summary>
internal interface ICallbackRules
{
    /// <summary>
    /// Why this target is not allowed, or null. Judges literal addresses; a name is judged when the callback connects.
    /// The answer for one URL never changes while the process runs.
    /// </summary>
    string? Check(Uri target);
}
