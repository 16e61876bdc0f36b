namespace XCron.Daemon.Tls;

/// <summary>
/// Lets the same thing be said once a minute: a node that is refused comes again every second, for ever. Thread-safe.
/// </summary>
internal sealed class Seldom(TimeProvider time)
{
    // Whoever reaches the port could otherwise fill the memory with names, or the log.
    private const int MaxSubjects = 64;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _said = new(StringComparer.Ordinal);

    public bool MaySay(string subject)
    {
        lock (_gate)
        {
            if (_said.TryGetValue(subject, out var at) && time.GetElapsedTime(at) < Interval)
                return false;

            if (_said.Count >= MaxSubjects)
            {
                foreach (var old in _said.Where(said => time.GetElapsedTime(said.Value) >= Interval).ToArray())
                    _said.Remove(old.Key);
                if (_said.Count >= MaxSubjects)
                    return false;
            }

            _said[subject] = time.GetTimestamp();
            return true;
        }
    }
}
