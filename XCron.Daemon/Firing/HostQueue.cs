namespace XCron.Daemon.Firing;

/// <summary>One target's attempts.</summary>
internal sealed class HostQueue(string host)
{
    public string Host => host;

    public Queue<AttemptTicket> Waiting { get; } = new();

    public int InFlight { get; set; }

    /// <summary>Whether it stands in the ring of those that may be served.</summary>
    public bool IsInRing { get; set; }
}
