using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>Messages in few words: from, to, term, and what they say.</summary>
internal static class Say
{
    public static Message.VoteRequest Vote(
        int from, int to, long term, long lastIndex, long lastTerm, bool preVote = false) => new()
        {
            From = Make.Id(from),
            To = Make.Id(to),
            Term = new Term(term),
            PreVote = preVote,
            LastIndex = Make.At(lastIndex),
            LastTerm = new Term(lastTerm),
        };

    public static Message.VoteResponse Voted(int from, int to, long term, bool granted = true, bool preVote = false) =>
        new() { From = Make.Id(from), To = Make.Id(to), Term = new Term(term), PreVote = preVote, Granted = granted };

    public static Message.AppendRequest Append(
        int from, int to, long term, long prevIndex, long prevTerm, long commit, params LogEntry[] entries) => new()
        {
            From = Make.Id(from),
            To = Make.Id(to),
            Term = new Term(term),
            PrevIndex = Make.At(prevIndex),
            PrevTerm = new Term(prevTerm),
            Commit = Make.At(commit),
            Entries = entries,
        };

    public static Message.AppendResponse Accepted(int from, int to, long term, long match) => new()
    {
        From = Make.Id(from), To = Make.Id(to), Term = new Term(term), Accepted = true, Match = Make.At(match),
    };

    public static Message.AppendResponse Rejected(
        int from, int to, long term, long prev, long conflictTerm, long conflictIndex) => new()
        {
            From = Make.Id(from),
            To = Make.Id(to),
            Term = new Term(term),
            Accepted = false,
            RejectedPrev = Make.At(prev),
            ConflictTerm = new Term(conflictTerm),
            ConflictIndex = Make.At(conflictIndex),
        };

    public static Message.Heartbeat Heartbeat(int from, int to, long term, long commit = 0, long round = 0) => new()
    {
        From = Make.Id(from), To = Make.Id(to), Term = new Term(term), Commit = Make.At(commit), Round = round,
    };

    public static Message.HeartbeatResponse Alive(int from, int to, long term, long round = 0, long lastIndex = 0) =>
        new()
        {
            From = Make.Id(from),
            To = Make.Id(to),
            Term = new Term(term),
            Round = round,
            LastIndex = Make.At(lastIndex),
        };

    public static Message.SnapshotOffer Offer(int from, int to, long term, long index, long entryTerm) => new()
    {
        From = Make.Id(from),
        To = Make.Id(to),
        Term = new Term(term),
        Index = Make.At(index),
        EntryTerm = new Term(entryTerm),
    };

    public static Message.ReadIndexRequest AskRead(int from, int to, long term, long readId) =>
        new() { From = Make.Id(from), To = Make.Id(to), Term = new Term(term), ReadId = readId };
}
