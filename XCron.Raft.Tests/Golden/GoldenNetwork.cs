using XCron.Raft.Core;

namespace XCron.Raft.Tests.Golden;

/// <summary>Messages on their way: in order until a command picks, loses, keeps or doubles some.</summary>
internal sealed class GoldenNetwork
{
    private readonly List<Message> _flying = [];
    private readonly List<Message> _kept = [];
    private readonly HashSet<(int From, int To)> _cuts = [];

    public IReadOnlyList<Message> Flying => _flying;

    public void Add(Message message) => _flying.Add(message);

    public void Cut(int from, int to) => _cuts.Add((from, to));

    public void Heal() => _cuts.Clear();

    public bool IsCut(Message message) => _cuts.Contains(((int)message.From.Value, (int)message.To.Value));

    public Message[] Matching(Selection selection) => [.. _flying.Where(selection.Fits)];

    /// <summary>Takes out what is on its way now and fits.</summary>
    public Message[] Take(Selection selection) => Take(selection.Fits);

    public Message[] Take(Predicate<Message> fits)
    {
        Message[] taken = [.. _flying.FindAll(fits)];
        _flying.RemoveAll(fits);
        return taken;
    }

    public Message TakeFirst()
    {
        var first = _flying[0];
        _flying.RemoveAt(0);
        return first;
    }

    public void Keep(IEnumerable<Message> messages) => _kept.AddRange(messages);

    /// <summary>What was kept is on its way again, behind everything else.</summary>
    public Message[] Return(Selection selection)
    {
        Message[] returned = [.. _kept.Where(selection.Fits)];
        _kept.RemoveAll(selection.Fits);
        _flying.AddRange(returned);
        return returned;
    }

    /// <summary>
    /// Which messages a command means: <c>[from] [1] [to 2] [kind]</c>, and all where it says nothing.
    /// </summary>
    internal sealed record Selection(int? From, int? To, string Kind)
    {
        public static Selection Read(Words words)
        {
            int? from = words.Take("from") ? words.Number() : words.Numbers() is [var sender] ? sender : null;
            int? to = words.Take("to") ? words.Number() : null;
            return new Selection(from, to, words.Rest());
        }

        public bool Fits(Message message) =>
            (From is null || message.From.Value == (ulong)From)
            && (To is null || message.To.Value == (ulong)To)
            && (Kind.Length == 0 || Telling.Kind(message) == Kind);
    }
}
