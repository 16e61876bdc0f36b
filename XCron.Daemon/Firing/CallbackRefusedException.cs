namespace XCron.Daemon.Firing;

/// <summary>A connection that the rules for callbacks do not allow; passes through the HTTP client's own.</summary>
internal sealed class CallbackRefusedException(string message) : IOException(message);
