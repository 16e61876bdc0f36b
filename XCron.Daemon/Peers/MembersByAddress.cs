using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>Members by the address under which an operator knows them.</summary>
internal static class MembersByAddress
{
    /// <summary>Who stays; one that is being removed is not found.</summary>
    public static Member? FindAt(this Membership membership, string host) =>
        membership.Members.FirstOrDefault(member => member.Address == host && member.Suffrage != Suffrage.Leaving);

    /// <summary>Its removal goes on.</summary>
    public static bool IsLeaving(this Membership membership, string host) =>
        membership.Members.Any(member => member.Address == host && member.Suffrage == Suffrage.Leaving);

    /// <summary>For a refusal: who would have been right.</summary>
    public static string NoMember(this Membership membership, string host)
    {
        var addresses = membership.Members
            .Where(static member => member.Suffrage != Suffrage.Leaving).Select(static member => member.Address);
        return $"{host} is no member; members are {string.Join(", ", addresses)}";
    }
}
