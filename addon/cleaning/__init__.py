"""What happens to captured hands afterwards: cleaned again, flagged spans shown, tracks split and joined."""
