namespace XCron.Daemon.Configuration;

/// <summary>[log]: what is written to the console.</summary>
internal sealed class LogSection
{
    public LogLevel Level { get; init; } = LogLevel.Information;
}
