namespace XCron.Daemon.Api;

/// <summary>The codes of an answer's envelope; part of the contract, so none is ever given another meaning.</summary>
internal static class ApiCode
{
    public const int Ok = 0;
    public const int BadRequest = 1000;
    public const int BadTimestamp = 1001;
    public const int PastTimestamp = 1002;
    public const int BadUrl = 1003;
    public const int TargetNotAllowed = 1005;
    public const int BadExpression = 1010;
    public const int UnknownTimezone = 1011;
    public const int BadType = 1020;
    public const int NoSuchTask = 1030;
    public const int NoSuchPath = 1031;
    public const int Conflict = 1040;
    public const int TooLarge = 1041;
    public const int NoLeader = 1050;
    public const int Overloaded = 1051;
    public const int DiskFull = 1052;
    public const int NoKey = 1060;
    public const int NotAllowed = 1061;
    public const int Defect = 1099;

    /// <summary>The HTTP status that goes with a code; a wrong method (405) is the one exception.</summary>
    public static int HttpStatus(int code) => code switch
    {
        Ok => StatusCodes.Status200OK,
        TargetNotAllowed or NotAllowed => StatusCodes.Status403Forbidden,
        NoKey => StatusCodes.Status401Unauthorized,
        NoSuchTask or NoSuchPath => StatusCodes.Status404NotFound,
        Conflict => StatusCodes.Status409Conflict,
        TooLarge => StatusCodes.Status413PayloadTooLarge,
        NoLeader or DiskFull => StatusCodes.Status503ServiceUnavailable,
        Overloaded => StatusCodes.Status429TooManyRequests,
        Defect => StatusCodes.Status500InternalServerError,
        _ => StatusCodes.Status400BadRequest,
    };
}
