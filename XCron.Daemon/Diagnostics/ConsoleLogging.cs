using Microsoft.Extensions.Logging.Console;

namespace XCron.Daemon.Diagnostics;

/// <summary>Where the trace goes: the console, one line a message, with the time in UTC.</summary>
internal static class ConsoleLogging
{
    /// <summary>The libraries' own messages below this are the steps of every request.</summary>
    private const LogLevel LibraryLevel = LogLevel.Warning;

    public static void Configure(ILoggingBuilder logging, LogLevel level)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(level);
        if (level > LogLevel.Debug)
        {
            logging.AddFilter("Microsoft", Higher(level));
            logging.AddFilter("System", Higher(level));
            logging.AddFilter("Grpc", Higher(level));
        }

        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            console.ColorBehavior = LoggerColorBehavior.Default;
        });
    }

    private static LogLevel Higher(LogLevel level) => level > LibraryLevel ? level : LibraryLevel;
}
