using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>
/// Tasks by name, ordinal. Changed by the applier alone, read from any thread. In parts, so that no growth of a table
/// with a million names holds up the applier. String hashes differ from process to process; nothing here has an order.
/// </summary>
internal sealed class NameIndex
{
    private const int PartCount = 256;

    private readonly Part[] _parts = new Part[PartCount];

    public NameIndex()
    {
        for (var i = 0; i < _parts.Length; i++)
            _parts[i] = new Part();
    }

    public TaskId? Find(string name)
    {
        var part = PartOf(name);
        lock (part.Lock)
            return part.Ids.TryGetValue(name, out var id) ? id : null;
    }

    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void Add(string name, TaskId id)
    {
        var part = PartOf(name);
        lock (part.Lock)
            part.Ids.Add(name, id);
    }

    public void Remove(string name)
    {
        var part = PartOf(name);
        lock (part.Lock)
            part.Ids.Remove(name);
    }

    private Part PartOf(string name) => _parts[(uint)name.GetHashCode(StringComparison.Ordinal) % PartCount];

    private sealed class Part
    {
        public Lock Lock { get; } = new();

        public Dictionary<string, TaskId> Ids { get; } = new(StringComparer.Ordinal);
    }
}
