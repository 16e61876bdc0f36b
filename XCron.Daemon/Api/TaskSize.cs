namespace XCron.Daemon.Api;

/// <summary>
/// How large a task may be, whatever made it, and the line of an export that tells of it. A single request can make no
/// larger one; without this bound several updates could, or a line by hand, and no import would take its line.
/// </summary>
internal static class TaskSize
{
    /// <summary>
    /// By what a definition is larger than the request that says it, at most: a zone and other defaults, and for each
    /// of 64 headers and 16 tags a few bytes more than the punctuation of JSON has.
    /// </summary>
    private const int BeyondRequestBytes = 1024;

    /// <summary>One byte, a DEL in the text of a body, is \u007F in a line.</summary>
    private const int MostEscaped = 6;

    /// <summary>The names of all fields, and the numbers and times of the task and of 16 open runs.</summary>
    private const int BeyondDefinitionBytes = 16 * 1024;

    public static int MostDefinitionBytes(int maxRequestBytes) => maxRequestBytes + BeyondRequestBytes;

    public static int MostLineBytes(int maxRequestBytes) =>
        (MostDefinitionBytes(maxRequestBytes) * MostEscaped) + BeyondDefinitionBytes;

    /// <summary>Why a task of such a definition may not be, or null.</summary>
    public static ApiError? Check(int definitionBytes, int maxRequestBytes)
    {
        var most = MostDefinitionBytes(maxRequestBytes);
        return definitionBytes <= most
            ? null
            : new ApiError(
                ApiCode.TooLarge,
                $"the task would have {definitionBytes} bytes, its callback and options together; must have at most " +
                $"{most}, {BeyondRequestBytes} more than max_request_bytes ({maxRequestBytes})");
    }
}
