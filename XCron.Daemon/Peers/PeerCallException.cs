namespace XCron.Daemon.Peers;

/// <summary>A call to a peer failed: it cannot be reached, broke off, or refused.</summary>
internal sealed class PeerCallException(string message, bool refused, Exception? inner = null)
    : IOException(message, inner)
{
    /// <summary>The peer does not accept this node's secret: somebody must look at the configuration.</summary>
    public bool Refused { get; } = refused;
}
